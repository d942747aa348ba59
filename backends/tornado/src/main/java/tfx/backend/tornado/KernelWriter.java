package tfx.backend.tornado;

/** Writes one kernel's body into the emitter that it was given. */
interface KernelWriter {
    Written write();
}
