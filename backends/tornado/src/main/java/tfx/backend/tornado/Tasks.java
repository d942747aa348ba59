package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tfx.backend.common.Javac;

/** Classes of generated text: compiled, and one instance of each. */
final class Tasks {
    private Tasks() {}

    /** The texts of kernels by their names. */
    static Map<String, String> sources(List<KernelText> kernels, Platform platform) {
        Map<String, String> texts = new LinkedHashMap<>();
        kernels.forEach(kernel -> texts.put(kernel.name(), platform.text(kernel)));
        return texts;
    }

    /**
     * The bytes of classes.
     *
     * @param options besides those that any platform needs
     */
    static Map<String, byte[]> compile(Map<String, String> sources, String classPath, String... options) {
        // TornadoVM reads the tables of local variables, and so does what watches the emulated kernels.
        List<String> all = new ArrayList<>(List.of("-classpath", classPath, "-proc:none", "-g", "-nowarn"));
        all.addAll(List.of(options));
        return Javac.compile(sources, all);
    }

    /** An instance of each class, by simple name. */
    static Map<String, Task> of(ClassLoader loader, Collection<String> names) {
        Map<String, Task> tasks = new HashMap<>();
        names.forEach(name -> tasks.put(name, of(loader, name)));
        return tasks;
    }

    private static Task of(ClassLoader loader, String name) {
        try {
            return (Task) loader.loadClass(Template.PACKAGE + "." + name)
                    .getConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the generated class " + name + " cannot be loaded", e);
        }
    }
}
