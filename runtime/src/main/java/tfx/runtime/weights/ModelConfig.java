package tfx.runtime.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The official configuration of a model: a {@code config.json}, or what the header of a dump carries of it. */
public final class ModelConfig {
    private static final long MAX_BYTES = 16L << 20;
    private static final JsonTree.Codes CODES =
            new JsonTree.Codes("TFX0280", "TFX0281", "TFX0282", "TFX0283", "TFX0284", "TFX0285", "TFX0286");

    private static final JsonFactory JSON = new JsonFactory();

    private final String name;
    private final Map<String, @Nullable Object> root;

    private ModelConfig(String name, Map<String, @Nullable Object> root) {
        this.name = name;
        this.root = root;
    }

    /** Reads a configuration file, or {@code config.json} of a folder in Hugging Face layout; TFX0280 to TFX0286. */
    public static ModelConfig read(Path fileOrFolder) {
        Path file = java.nio.file.Files.isDirectory(fileOrFolder) ? fileOrFolder.resolve("config.json") : fileOrFolder;
        return new ModelConfig(file.toString(), JsonTree.readFile(file, MAX_BYTES, CODES));
    }

    /** Reads a configuration from JSON text; {@code name} stands in messages. */
    public static ModelConfig parse(String name, String json) {
        if (json.length() > MAX_BYTES) {
            throw Faults.fault(
                    CODES.tooLarge(),
                    name,
                    "the configuration has " + json.length() + " characters; at most " + MAX_BYTES + " are read",
                    "check that this is a configuration");
        }
        return new ModelConfig(name, JsonTree.read(name, new StringReader(json), CODES));
    }

    /**
     * The configuration in a dump's metadata: the object under the key {@code config}, where the official keys lie at
     * the top or, in most dumps, one level down under {@code config} again. Where there is no {@code model_type}, the
     * dump's {@code kind} is it. Empty where the header has no such key.
     */
    public static Optional<ModelConfig> ofMetadata(Checkpoint dump) {
        String json = dump.metadata().get("config");
        if (json == null) {
            return Optional.empty();
        }
        ModelConfig outer = parse(dump.name() + " (metadata key \"config\")", json);
        Map<String, @Nullable Object> root =
                outer.root.get("config") instanceof Map<?, ?> inner ? keyed(inner) : outer.root;
        if (root.get("model_type") == null && outer.root.get("kind") instanceof String kind) {
            root = keyed(root);
            root.put("model_type", kind);
        }
        return Optional.of(new ModelConfig(outer.name, root));
    }

    /** A configuration that says nothing. */
    public static ModelConfig empty() {
        return new ModelConfig("no configuration", Map.of());
    }

    /** Where the configuration comes from, for messages. */
    public String name() {
        return name;
    }

    /**
     * The value at a dotted path such as {@code rope_parameters.rope_theta}: Long, Double, String, Boolean or List (of
     * such values; null where the JSON has null, Map where it has an object). Empty where the path is missing, holds
     * JSON null, or leads to an object.
     */
    public Optional<Object> get(String path) {
        Object value = at(root, path);
        return value instanceof Map ? Optional.empty() : Optional.ofNullable(value);
    }

    /** As {@link #get}, with an object as a Map: what a model's config clause reads. */
    public Optional<Object> tree(String path) {
        return Optional.ofNullable(at(root, path));
    }

    /** The value of a top key as JSON has it: as {@link #get}, and a Map for an object. Empty where missing or null. */
    public Optional<Object> value(String key) {
        return Optional.ofNullable(root.get(key));
    }

    /** Whether the path leads to anything but JSON null: a value or an object. */
    public boolean has(String path) {
        return at(root, path) != null;
    }

    /** The dotted paths of all values that are neither null nor an object, in the order of the text. */
    public Set<String> paths() {
        Set<String> out = new LinkedHashSet<>();
        collect("", root, out);
        return Collections.unmodifiableSet(out);
    }

    /** The same configuration with one value replaced or added; {@code path}: the keys that lead to it. */
    public ModelConfig with(List<String> path, Object value) {
        return new ModelConfig(name, with(root, path, value));
    }

    private static Map<String, @Nullable Object> with(Map<?, ?> map, List<String> path, Object value) {
        Map<String, @Nullable Object> out = keyed(map);
        Map<?, ?> inner = out.get(path.getFirst()) instanceof Map<?, ?> known ? known : Map.of();
        out.put(path.getFirst(), path.size() == 1 ? value : with(inner, path.subList(1, path.size()), value));
        return out;
    }

    /** As JSON text. */
    public String json() {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(text)) {
            write(out, root);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, @Nullable Object value) throws IOException {
        switch (value) {
            case null -> out.writeNull();
            case Map<?, ?> map -> {
                out.writeStartObject();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.writeFieldName(String.valueOf(entry.getKey()));
                    write(out, entry.getValue());
                }
                out.writeEndObject();
            }
            case List<?> list -> {
                out.writeStartArray();
                for (Object item : list) {
                    write(out, item);
                }
                out.writeEndArray();
            }
            case Boolean truth -> out.writeBoolean(truth);
            case Long number -> out.writeNumber(number);
            case Double number -> out.writeNumber(number);
            default -> out.writeString(value.toString());
        }
    }

    /** The official key {@code model_type}, where it is a string. */
    public Optional<String> modelType() {
        return get("model_type").filter(String.class::isInstance).map(String.class::cast);
    }

    /** A key may itself hold dots, so the longest key that exists is tried first. */
    private static @Nullable Object at(Map<?, ?> map, String path) {
        if (map.containsKey(path)) {
            return map.get(path);
        }
        for (int dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
            if (map.get(path.substring(0, dot)) instanceof Map<?, ?> inner) {
                return at(inner, path.substring(dot + 1));
            }
        }
        return null;
    }

    private static void collect(String prefix, Map<?, ?> map, Set<String> out) {
        map.forEach((key, value) -> {
            if (value instanceof Map<?, ?> inner) {
                collect(prefix + key + ".", inner, out);
            } else if (value != null) {
                out.add(prefix + key);
            }
        });
    }

    private static Map<String, @Nullable Object> keyed(Map<?, ?> map) {
        Map<String, @Nullable Object> out = new java.util.LinkedHashMap<>();
        map.forEach((key, value) -> out.put(String.valueOf(key), value));
        return out;
    }

    @Override
    public String toString() {
        List<String> shown = new ArrayList<>(root.keySet());
        return name + " " + shown;
    }
}
