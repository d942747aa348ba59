package tfx.backend.tornado;

/** How a kernel's text reads elements of arrays: the names of what it calls, for devices that tell reads apart. */
final class Reads {
    /** Of what a kernel may have written. */
    static final String PLAIN = ".get(";

    /** Of what a graph's execution reads once: it is to leave the caches to the rest. */
    static final String ONCE = ".getOnce(";

    /** Of what was there before this execution of the graph: kernels need not wait for others. */
    static final String EARLIER = ".getEarlier(";

    private Reads() {}

    /** A text for a device that does not tell them apart. */
    static String plain(String text) {
        return text.replace(ONCE, PLAIN).replace(EARLIER, PLAIN);
    }
}
