package tfx.backend.tornado;

/** Instances of generated classes. */
final class Tasks {
    private Tasks() {}

    static Task of(ClassLoader loader, String name) {
        try {
            return (Task) loader.loadClass(Template.PACKAGE + "." + name)
                    .getConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the generated class " + name + " cannot be loaded", e);
        }
    }
}
