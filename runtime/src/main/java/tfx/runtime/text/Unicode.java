package tfx.runtime.text;

/** What Java's strings admit and Unicode text does not. */
final class Unicode {
    private Unicode() {}

    /** The index of the first surrogate that has no partner, or -1. */
    static int unpairedSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                return i;
            }
        }
        return -1;
    }
}
