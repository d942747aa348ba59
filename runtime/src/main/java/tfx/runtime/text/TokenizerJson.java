package tfx.runtime.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.StringReader;
import java.util.Optional;

/**
 * Checks that a tokenizer's description is JSON by the native library's own reading of it.
 *
 * <p>The library ends the whole process, instead of failing, on some texts that are not: so none may reach it. It is
 * stricter than most readers in numbers, surrogates and depth.
 */
final class TokenizerJson {
    /** The library gives up at 128. */
    private static final int MAX_DEPTH = 100;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(1 << 20)
                    .build())
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private TokenizerJson() {}

    /** What keeps the text from being read; empty where it is well-formed. */
    static Optional<String> fault(String text) {
        try (JsonParser in = JSON.createParser(new StringReader(text))) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                return Optional.of("expected a JSON object");
            }
            int depth = 1;
            while (depth > 0) {
                JsonToken token = in.nextToken();
                if (token == null) {
                    return Optional.of("the text ends within the JSON object");
                }
                switch (token) {
                    case START_OBJECT, START_ARRAY -> depth++;
                    case END_OBJECT, END_ARRAY -> depth--;
                    case FIELD_NAME, VALUE_STRING -> {
                        if (Unicode.unpairedSurrogate(in.getText()) >= 0) {
                            return Optional.of("an unpaired surrogate" + at(in));
                        }
                    }
                    case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                        if (Double.isInfinite(in.getDoubleValue())) {
                            return Optional.of("a number out of range" + at(in));
                        }
                    }
                    default -> {
                        // true, false and null have nothing to check.
                    }
                }
            }
            return in.nextToken() == null ? Optional.empty() : Optional.of("the text goes on after the JSON object");
        } catch (JsonProcessingException e) {
            String message = String.valueOf(e.getOriginalMessage());
            return Optional.of("not JSON: " + message.substring(0, Math.min(200, message.length())));
        } catch (IOException e) {
            return Optional.of("not JSON: " + e.getMessage());
        }
    }

    private static String at(JsonParser in) {
        var at = in.currentTokenLocation();
        return " at line " + at.getLineNr() + ", column " + at.getColumnNr();
    }
}
