package tfx.runtime.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;

/**
 * Checks that a tokenizer's description is JSON by the native library's own reading of it.
 *
 * <p>The library ends the whole process, instead of failing, on some texts that are not: so none may reach it. It is
 * stricter than most readers in numbers, surrogates and depth.
 */
final class TokenizerJson {
    /** The library gives up at 128. */
    private static final int MAX_DEPTH = 100;

    private static final String PREFIX = "continuing_subword_prefix";
    private static final String CHARSMAP = "precompiled_charsmap";
    private static final String TEMPLATE_TOKENS = "special_tokens";
    private static final Set<String> SPECIAL = Set.of(PREFIX, CHARSMAP, TEMPLATE_TOKENS);

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
            boolean special = false;
            while (depth > 0) {
                JsonToken token = in.nextToken();
                if (token == null) {
                    return Optional.of("the text ends within the JSON object");
                }
                switch (token) {
                    case START_OBJECT, START_ARRAY -> depth++;
                    case END_OBJECT, END_ARRAY -> depth--;
                    case FIELD_NAME, VALUE_STRING -> {
                        String found = in.getText();
                        if (Unicode.unpairedSurrogate(found) >= 0) {
                            return Optional.of("an unpaired surrogate" + at(in));
                        }
                        special |= token == JsonToken.FIELD_NAME && SPECIAL.contains(found);
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
            if (in.nextToken() != null) {
                return Optional.of("the text goes on after the JSON object");
            }
            // Descriptions that hold none of them are spared the second reading.
            return special ? contents(new ObjectMapper(JSON).readTree(text)) : Optional.empty();
        } catch (JsonProcessingException e) {
            String message = String.valueOf(e.getOriginalMessage());
            return Optional.of("not JSON: " + message.substring(0, Math.min(200, message.length())));
        } catch (IOException e) {
            return Optional.of("not JSON: " + e.getMessage());
        }
    }

    /** Contents that are well-formed JSON and that the library does not survive. */
    private static Optional<String> contents(JsonNode root) {
        // Wherever in the description they stand: components nest, and the library guesses untyped ones.
        for (JsonNode model : root.findParents(PREFIX)) {
            JsonNode prefix = model.get(PREFIX);
            for (JsonNode merge : model.path("merges")) {
                String pair = merge.isTextual()
                        ? merge.asText()
                        : merge.path(0).asText() + " " + merge.path(1).asText();
                if (prefix.isTextual() && !pair.substring(pair.indexOf(' ') + 1).startsWith(prefix.asText())) {
                    return Optional.of("the merge \"" + pair + "\" does not continue with the " + PREFIX + " \""
                            + prefix.asText() + "\"");
                }
            }
        }
        for (JsonNode map : root.findValues(CHARSMAP)) {
            if (!map.isNull() && !isCharsmap(map.asText())) {
                return Optional.of("the " + CHARSMAP + " is damaged");
            }
        }
        for (JsonNode template : root.findParents(TEMPLATE_TOKENS)) {
            for (JsonNode piece : template.path("single")) {
                if (!isKnown(piece, template.path(TEMPLATE_TOKENS))) {
                    return Optional.of("the template's piece " + piece + " names nothing that is there");
                }
            }
        }
        return Optional.empty();
    }

    /** A piece of the template for one text is that text, or a special token that the template defines. */
    private static boolean isKnown(JsonNode piece, JsonNode tokens) {
        String name = piece.isTextual() ? piece.asText().split(":", 2)[0] : "";
        if (piece.has("Sequence") || name.startsWith("$")) {
            String sequence = piece.path("Sequence").path("id").asText(name);
            return !sequence.equals("B") && !sequence.startsWith("$B");
        }
        JsonNode token = tokens.path(piece.path("SpecialToken").path("id").asText(name));
        return token.isObject()
                && token.path("ids").size() == token.path("tokens").size();
    }

    /** Base64 of: the byte length of a trie of 32-bit units as a 32-bit number, the trie, UTF-8 text. */
    private static boolean isCharsmap(String base64) {
        try {
            ByteBuffer bytes =
                    ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
            if (bytes.remaining() < 4) {
                return false;
            }
            int trie = bytes.getInt();
            if (trie < 4 || trie % 4 != 0 || trie > bytes.remaining()) {
                return false;
            }
            bytes.position(bytes.position() + trie);
            StandardCharsets.UTF_8.newDecoder().decode(bytes);
            return true;
        } catch (IllegalArgumentException | CharacterCodingException e) {
            return false;
        }
    }

    private static String at(JsonParser in) {
        var at = in.currentTokenLocation();
        return " at line " + at.getLineNr() + ", column " + at.getColumnNr();
    }
}
