package tfx.grammar;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tfx.source.Diagnostic;
import tfx.source.Source;
import tfx.source.Span;
import tfx.source.TfxException;

/** From bytes to a source text that holds only what a text may hold. */
final class Texts {
    /** The most bytes of a source text: 1 MiB. */
    static final int LARGEST = 1 << 20;

    private Texts() {}

    /** Reads at most one byte more than {@link #LARGEST}, whatever the file holds. */
    static Source read(Path path) {
        String name = path.toString();
        byte[] bytes;
        try {
            if (Files.isDirectory(path)) {
                throw fault("TFX0002", name, "this is a folder, not a source text", "name a .tfx file in it");
            }
            if (Files.exists(path) && !Files.isRegularFile(path)) {
                throw fault("TFX0001", name, "this is a device or a pipe, not a file", "name a .tfx file");
            }
            try (InputStream in = Files.newInputStream(path)) {
                bytes = in.readNBytes(LARGEST + 1);
            }
        } catch (NoSuchFileException absent) {
            throw fault(
                    "TFX0001", name, "there is no such file", "check the path; it is taken from the current folder");
        } catch (AccessDeniedException denied) {
            throw fault("TFX0001", name, "the file may not be read", "change its permissions");
        } catch (IOException broken) {
            throw fault(
                    "TFX0001",
                    name,
                    "the file could not be read (" + broken.getMessage() + ")",
                    "check the path and the disk");
        }
        if (bytes.length > LARGEST) {
            throw tooLarge(name);
        }
        Source source = new Source(name, decode(name, bytes));
        check(source);
        return source;
    }

    private static TfxException fault(String code, String where, String message, String mend) {
        return new TfxException(Diagnostic.error(code, where, message, mend));
    }

    private static TfxException tooLarge(String name) {
        return fault(
                "TFX0003",
                name,
                "the source text is larger than 1 MiB",
                "check that this is a .tfx file; split it with imports");
    }

    private static String decode(String name, byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult result = decoder.decode(in, out, true);
        if (result.isError()) {
            int at = in.position();
            long line = 1;
            for (int i = 0; i < at; i++) {
                line += bytes[i] == '\n' ? 1 : 0;
            }
            throw fault(
                    "TFX0004",
                    name,
                    String.format(
                            Locale.ROOT, "byte %d (line %d), 0x%02X, is not valid UTF-8", at, line, bytes[at] & 0xFF),
                    "save the file as UTF-8");
        }
        return out.flip().toString();
    }

    /** Throws what is wrong with the characters of a text, whatever way it came in. */
    static void check(Source source) {
        String text = source.text();
        if (text.length() > LARGEST) {
            throw tooLarge(source.name());
        }
        List<Diagnostic> faults = new ArrayList<>();
        for (int i = 0; i < text.length() && faults.size() < Syntax.MOST; i++) {
            char c = text.charAt(i);
            if ((c >= ' ' && c < 0x7F) || c == '\n' || c == '\t') {
                continue;
            }
            Span span = new Span(source, i, i + 1);
            if (c == 0) {
                faults.add(Diagnostic.error(
                        "TFX0005",
                        span,
                        "the text holds a NUL character",
                        "remove it; check that this is a text file in UTF-8"));
            } else if (bidirectional(c)) {
                faults.add(Diagnostic.error(
                        "TFX0006",
                        span,
                        "the bidirectional control " + codePoint(c)
                                + " makes the text look different from what it says",
                        "remove it"));
            } else if (c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
                continue;
            } else if (c < ' ' || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029) {
                faults.add(Diagnostic.error(
                        "TFX0007",
                        span,
                        c == '\r'
                                ? "a carriage return stands without a line feed"
                                : "the control character " + codePoint(c) + " may not stand in a source text",
                        c == '\r' ? "end lines with LF or CR LF" : "remove it"));
            } else if (Character.isSurrogate(c)) {
                if (Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1))) {
                    i++;
                } else {
                    faults.add(Diagnostic.error("TFX0004", span, "half of a surrogate pair stands alone", "remove it"));
                }
            }
        }
        if (!faults.isEmpty()) {
            throw new TfxException(faults);
        }
    }

    private static boolean bidirectional(char c) {
        return c == 0x061C
                || c == 0x200E
                || c == 0x200F
                || (c >= 0x202A && c <= 0x202E)
                || (c >= 0x2066 && c <= 0x2069);
    }

    static String codePoint(int character) {
        String name = Character.getName(character);
        return String.format(Locale.ROOT, "U+%04X", character)
                + (name == null ? "" : " " + name.toLowerCase(Locale.ROOT));
    }
}
