package tfx.runtime.weights;

import static tfx.runtime.weights.Faults.fault;
import static tfx.runtime.weights.Faults.quote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.Reader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a JSON object into maps, lists, Long, Double, String, Boolean and null, bounded in size and depth and without
 * duplicate keys. Integers beyond 64 bits become Double.
 */
final class JsonTree {
    private static final int MAX_DEPTH = 64;

    /** Several times the index of the largest published model; more would only cost time and memory. */
    private static final int MAX_VALUES = 500_000;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            // Python's json module writes Infinity and NaN, and published configurations hold them.
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    /** The diagnostic codes of one kind of file. */
    record Codes(
            String unreadable,
            String tooLarge,
            String notUtf8,
            String notJson,
            String notObject,
            String tooDeep,
            String duplicate) {}

    private final String where;
    private final Codes codes;
    private int valuesLeft = MAX_VALUES;

    private JsonTree(String where, Codes codes) {
        this.where = where;
        this.codes = codes;
    }

    static Map<String, @Nullable Object> readFile(Path file, long maxBytes, Codes codes) {
        String where = file.toString();
        if (!Files.isRegularFile(file)) {
            throw fault(codes.unreadable, where, "expected a file, found none", "check the path");
        }
        byte[] bytes;
        try {
            long size = Files.size(file);
            if (size > maxBytes) {
                throw fault(
                        codes.tooLarge,
                        where,
                        "the file has " + size + " bytes; at most " + maxBytes + " are read",
                        "check that this is the right file");
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw fault(
                    codes.unreadable, where, "the file cannot be read: " + Faults.reason(e), "check its permissions");
        }
        return read(where, Utf8.strict(MemorySegment.ofArray(bytes)), codes);
    }

    static Map<String, @Nullable Object> read(String where, Reader text, Codes codes) {
        String mend = "correct the file, or fetch it again";
        try (JsonParser in = JSON.createParser(text)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                String found = in.currentToken() == null ? "nothing" : quote(in.getText());
                throw fault(codes.notObject, where, "expected a JSON object, found " + found, mend);
            }
            Map<String, @Nullable Object> tree = new JsonTree(where, codes).object(in);
            if (in.nextToken() != null) {
                throw fault(codes.notJson, where, "the text goes on after the JSON object has ended", mend);
            }
            return tree;
        } catch (StreamConstraintsException e) {
            throw fault(
                    codes.tooDeep,
                    where,
                    "the JSON is nested deeper than " + MAX_DEPTH + " levels, or holds an overlong name or number",
                    mend);
        } catch (CharacterCodingException e) {
            throw fault(codes.notUtf8, where, "the file is not UTF-8", mend);
        } catch (IOException e) {
            throw fault(codes.notJson, where, "not JSON: " + reason(e), mend);
        }
    }

    /** The parser's own words with line and column, without its excerpt of the source. */
    static String reason(IOException e) {
        if (e instanceof JsonProcessingException json && json.getOriginalMessage() != null) {
            String text = json.getOriginalMessage();
            String brief = text.substring(0, Math.min(text.length(), 200)).replaceAll("\\p{Cntrl}", " ");
            var at = json.getLocation();
            return at == null ? brief : brief + " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
        }
        return Faults.reason(e);
    }

    private Map<String, @Nullable Object> object(JsonParser in) throws IOException {
        Map<String, @Nullable Object> out = new LinkedHashMap<>();
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String key = in.currentName();
            if (out.containsKey(key)) {
                throw fault(codes.duplicate, where, "the key " + quote(key) + " occurs twice", "remove one of them");
            }
            in.nextToken();
            out.put(key, value(in));
        }
        return out;
    }

    /** What a value of the tree is, for messages. */
    static String kind(@Nullable Object value) {
        return switch (value) {
            case null -> "nothing";
            case Map<?, ?> map -> "an object";
            case List<?> list -> "an array";
            case String text -> "the string " + quote(text);
            default -> value.toString();
        };
    }

    private @Nullable Object value(JsonParser in) throws IOException {
        if (--valuesLeft < 0) {
            throw fault(
                    codes.tooLarge,
                    where,
                    "the file holds more than " + MAX_VALUES + " values",
                    "check that this is the right file");
        }
        return switch (in.currentToken()) {
            case START_OBJECT -> object(in);
            case START_ARRAY -> {
                List<@Nullable Object> out = new ArrayList<>();
                while (in.nextToken() != JsonToken.END_ARRAY) {
                    out.add(value(in));
                }
                yield out;
            }
            case VALUE_STRING -> in.getText();
            case VALUE_NUMBER_INT ->
                in.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        ? (Object) Double.parseDouble(in.getText())
                        : (Object) in.getLongValue();
            case VALUE_NUMBER_FLOAT -> in.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }
}
