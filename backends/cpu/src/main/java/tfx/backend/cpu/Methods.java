package tfx.backend.cpu;

import java.util.List;

/**
 * The bodies of a {@link KernelCode}'s methods.
 *
 * @param phases of {@link KernelCode#phases}
 * @param all of every phase, in order
 */
record Methods(String phases, List<Phase> all) {
    /** Bodies that give the number of a phase's parts, and that run the part {@code part}. */
    record Phase(String parts, String part) {}
}
