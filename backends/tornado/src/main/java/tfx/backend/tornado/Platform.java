package tfx.backend.tornado;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import java.util.List;
import java.util.Map;

/** Where generated kernels run: a TornadoVM installation, or its emulation in this process. */
interface Platform {
    /** The class that TornadoVM's API calls by this simple name. */
    ClassName type(String simpleName);

    /** The statement that adds the kernel {@code name} to {@code graph} under {@code id}; {@code arguments} begin with a comma. */
    CodeBlock task(String name, CodeBlock arguments);

    /** Work items of a group that works together, a power of two of at least 2. */
    int items();

    /** The device in use. */
    Driver driver();

    /** A class name that nothing else has, with {@code readable} in it. */
    String unique(String readable);

    /** Compiles classes of {@link Template#PACKAGE} and makes one instance of each, by simple name. */
    Map<String, Task> load(Map<String, String> sources);

    /** The fault of an execution as the user should see it; {@code kernels} are the ids that were launched. */
    default RuntimeException fault(RuntimeException fault, List<String> kernels) {
        return fault;
    }
}
