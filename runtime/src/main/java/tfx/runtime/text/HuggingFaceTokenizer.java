package tfx.runtime.text;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * A tokenizer described by a {@code tokenizer.json}, run by the Hugging Face tokenizers library.
 *
 * <p>The native library comes out of the jar and is unpacked once per user, to {@code ~/.djl.ai}, or to a folder that
 * the system property {@code ENGINE_CACHE_DIR} names. Nothing is ever fetched over the network.
 */
public final class HuggingFaceTokenizer implements Tokenizer {
    /** What the description is called in a folder in Hugging Face layout. */
    public static final String FILE = "tokenizer.json";

    private static final long MAX_BYTES = 64L << 20;

    private final ai.djl.huggingface.tokenizers.HuggingFaceTokenizer delegate;

    private HuggingFaceTokenizer(ai.djl.huggingface.tokenizers.HuggingFaceTokenizer delegate) {
        this.delegate = delegate;
    }

    /**
     * Loads a {@code tokenizer.json}, or that of a folder.
     *
     * @throws TfxException TFX0401 to TFX0405 where it is missing, too large or broken, or the library does not load
     */
    public static HuggingFaceTokenizer load(Path fileOrFolder) {
        Path file = Files.isDirectory(fileOrFolder) ? fileOrFolder.resolve(FILE) : fileOrFolder;
        byte[] json = read(file);
        NativeLibrary.prepare(file);
        try {
            // Without these options the library cuts every text at 512 tokens.
            Map<String, String> options = Map.of("truncation", "do_not_truncate", "padding", "do_not_pad");
            return new HuggingFaceTokenizer(ai.djl.huggingface.tokenizers.HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json), options));
        } catch (IOException | RuntimeException e) {
            throw broken(file, String.valueOf(e.getMessage()));
        }
    }

    private static byte[] read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw fault(
                    "TFX0401",
                    file,
                    "there is no tokenizer: expected a file " + FILE,
                    "put the model's " + FILE + " there, or name a folder that has one");
        }
        byte[] bytes;
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw fault(
                        "TFX0402",
                        file,
                        "the tokenizer has " + size + " bytes; at most " + MAX_BYTES + " are read",
                        "check that this is a " + FILE);
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw fault("TFX0401", file, "the tokenizer cannot be read: " + e.getMessage(), "check its permissions");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            TokenizerJson.fault(text).ifPresent(reason -> {
                throw broken(file, reason);
            });
        } catch (CharacterCodingException e) {
            throw fault("TFX0403", file, "the tokenizer is not UTF-8", "fetch the file again");
        }
        return bytes;
    }

    @Override
    public int[] encode(String text) {
        int bad = Unicode.unpairedSurrogate(text);
        if (bad >= 0) {
            throw new TfxException(Diagnostic.error(
                    "TFX0406",
                    "prompt",
                    String.format(
                            "the text is not valid Unicode: an unpaired surrogate U+%04X at position %d",
                            (int) text.charAt(bad), bad),
                    "give the text as valid UTF-8"));
        }
        long[] ids = delegate.encode(text, true, false).getIds();
        int[] out = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            out[i] = Math.toIntExact(ids[i]);
        }
        return out;
    }

    @Override
    public String decode(int[] ids) {
        if (ids.length == 0) {
            return "";
        }
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0) {
                throw new IllegalArgumentException("token id " + ids[i]);
            }
            wide[i] = ids[i];
        }
        return delegate.decode(wide, true);
    }

    @Override
    public void close() {
        delegate.close();
    }

    private static TfxException broken(Path file, String reason) {
        return fault(
                "TFX0404",
                file,
                "the tokenizer is broken: " + reason.substring(0, Math.min(300, reason.length())),
                "fetch the file again, from the model these weights belong to");
    }

    private static TfxException fault(String code, Path file, String message, String mend) {
        return new TfxException(Diagnostic.error(code, file.toString(), message, mend));
    }
}
