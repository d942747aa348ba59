package tfx.runtime.text;

/** Turns text into token ids and back; safe for use from several threads until closed. */
public interface Tokenizer extends AutoCloseable {
    /**
     * The ids of a text, with the special tokens that the tokenizer's own post-processor adds and no others.
     *
     * @throws tfx.source.TfxException TFX0406 where the text is not valid Unicode
     */
    int[] encode(String text);

    /** The text of ids, special tokens left out; bytes that form no character become U+FFFD. */
    String decode(int[] ids);

    /** Frees what the tokenizer holds. */
    @Override
    default void close() {}
}
