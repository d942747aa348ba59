package tfx.backend.tornado.emulator;

import java.util.function.Consumer;

/** What a generated kernel class adds its kernel to. */
public interface Launches {
    void add(String id, Consumer<KernelContext> kernel);
}
