package tfx.runtime.weights;

import static tfx.runtime.weights.Faults.fault;
import static tfx.runtime.weights.Faults.quote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The header of a safetensors file, read as a stream and checked completely: structure, types, shapes, and that the
 * spans of the tensors cover the data without gap or overlap.
 *
 * <p>A hostile header costs no more than reading its bytes once: structure that does not belong is refused where it
 * begins, and the number of tensors and dimensions is bounded.
 */
record SafetensorsHeader(long dataStart, Map<String, Entry> entries, Map<String, String> metadata) {
    /** The largest header the format allows, in bytes. */
    static final long MAX_HEADER = 100_000_000;

    static final int MAX_TENSORS = 200_000;
    static final int MAX_METADATA = 100_000;
    static final int MAX_RANK = 64;

    private static final String BROKEN = "the file is damaged or not a safetensors file: fetch or write it again";

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(8)
                    .maxStringLength((int) MAX_HEADER)
                    .maxNameLength(65_536)
                    .build())
            // Each name occurs once: the symbol table would only cost, and gives up on chosen hash collisions.
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    /** One tensor; {@code begin} and {@code end} are bytes from the start of the data. */
    record Entry(String name, DType dtype, long[] shape, long begin, long end) {
        long byteSize() {
            return end - begin;
        }
    }

    static SafetensorsHeader read(String file, MemorySegment bytes) {
        long size = bytes.byteSize();
        if (size < 8) {
            throw fault("TFX0302", file, "expected at least the 8 bytes of the header length, found " + size, BROKEN);
        }
        long length = bytes.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        if (length < 0) {
            throw fault(
                    "TFX0319",
                    file,
                    "the header length is " + Long.toUnsignedString(length) + ", 2^63 or more; at most " + MAX_HEADER
                            + " is allowed",
                    BROKEN);
        }
        if (length > MAX_HEADER) {
            throw fault(
                    "TFX0303",
                    file,
                    "the header length is " + length + " bytes; at most " + MAX_HEADER + " is allowed",
                    BROKEN);
        }
        if (length > size - 8) {
            throw fault(
                    "TFX0304",
                    file,
                    "the header length is " + length + " bytes, but only " + (size - 8) + " bytes follow it",
                    BROKEN);
        }
        MemorySegment header = bytes.asSlice(8, length);
        long dataSize = size - 8 - length;
        Reading reading = new Reading(file, dataSize);
        try (JsonParser parser = JSON.createParser(Utf8.strict(header))) {
            reading.header(parser);
        } catch (StreamConstraintsException e) {
            throw fault("TFX0308", file, "the header is nested too deeply or holds an overlong name or number", BROKEN);
        } catch (CharacterCodingException e) {
            throw fault("TFX0305", file, "the header is not UTF-8", BROKEN);
        } catch (IOException e) {
            throw fault("TFX0306", file, "the header is not JSON: " + JsonTree.reason(e), BROKEN);
        }
        Layout.check(file, reading.entries.values(), dataSize);
        return new SafetensorsHeader(8 + length, reading.entries, reading.metadata);
    }

    /** The state of one pass over the header's JSON. */
    private static final class Reading {
        private final String file;
        private final long dataSize;
        private final Map<String, Entry> entries = new LinkedHashMap<>();
        private final Map<String, String> metadata = new LinkedHashMap<>();
        private boolean metadataSeen;

        Reading(String file, long dataSize) {
            this.file = file;
            this.dataSize = dataSize;
        }

        void header(JsonParser in) throws IOException {
            JsonToken first = in.nextToken();
            if (first != JsonToken.START_OBJECT) {
                throw structure("the header", "a JSON object", in);
            }
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                in.nextToken();
                if (name.equals("__metadata__")) {
                    if (metadataSeen) {
                        throw duplicate("the key \"__metadata__\"");
                    }
                    metadataSeen = true;
                    metadata(in);
                } else {
                    if (entries.size() >= MAX_TENSORS) {
                        throw fault(
                                "TFX0335",
                                file,
                                "the header lists more than " + MAX_TENSORS + " tensors",
                                "split the file into shards");
                    }
                    if (entries.putIfAbsent(name, entry(name, in)) != null) {
                        throw duplicate("the tensor " + quote(name));
                    }
                }
            }
            if (in.nextToken() != null) {
                throw fault("TFX0306", file, "the header goes on after the JSON object has ended", BROKEN);
            }
        }

        private void metadata(JsonParser in) throws IOException {
            if (in.currentToken() != JsonToken.START_OBJECT) {
                throw notText("\"__metadata__\" is " + found(in) + ", expected an object of strings");
            }
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String key = in.currentName();
                if (in.nextToken() != JsonToken.VALUE_STRING) {
                    throw notText("the metadata value of " + quote(key) + " is " + found(in) + ", expected a string");
                }
                if (metadata.size() >= MAX_METADATA) {
                    throw fault("TFX0336", file, "the metadata has more than " + MAX_METADATA + " keys", BROKEN);
                }
                if (metadata.putIfAbsent(key, in.getText()) != null) {
                    throw duplicate("the metadata key " + quote(key));
                }
            }
        }

        private Entry entry(String name, JsonParser in) throws IOException {
            if (in.currentToken() != JsonToken.START_OBJECT) {
                throw structure("the tensor " + quote(name), "an object with dtype, shape and data_offsets", in);
            }
            DType dtype = null;
            long[] shape = null;
            long[] span = null;
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String key = in.currentName();
                in.nextToken();
                boolean again = switch (key) {
                    case "dtype" -> dtype != null;
                    case "shape" -> shape != null;
                    case "data_offsets" -> span != null;
                    default ->
                        throw fault(
                                "TFX0307",
                                file,
                                "the tensor " + quote(name) + " has the unknown key " + quote(key)
                                        + "; expected dtype, shape and data_offsets",
                                BROKEN);
                };
                if (again) {
                    throw duplicate("the key " + quote(key) + " of the tensor " + quote(name));
                }
                switch (key) {
                    case "dtype" -> dtype = dtype(name, in);
                    case "shape" -> shape = numbers(name, "dimension", "TFX0312", MAX_RANK, in);
                    default -> span = numbers(name, "data offset", "TFX0314", 2, in);
                }
            }
            if (dtype == null || shape == null || span == null || span.length != 2) {
                String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets with two numbers";
                throw fault("TFX0307", file, "the tensor " + quote(name) + " has no " + missing, BROKEN);
            }
            checkSpan(name, dtype, shape, span);
            return new Entry(name, dtype, shape, span[0], span[1]);
        }

        private DType dtype(String name, JsonParser in) throws IOException {
            if (in.currentToken() != JsonToken.VALUE_STRING) {
                throw structure("the dtype of the tensor " + quote(name), "a string", in);
            }
            String text = in.getText();
            return DType.byName(text).orElseThrow(() -> {
                String known = Arrays.toString(DType.values());
                return DType.isRefused(text)
                        ? fault(
                                "TFX0311",
                                file,
                                "the tensor " + quote(name) + " is stored as " + text
                                        + ", which tfx does not read; it reads " + known,
                                "convert the file to one of these types")
                        : fault(
                                "TFX0310",
                                file,
                                "the tensor " + quote(name) + " has the unknown dtype " + quote(text)
                                        + "; expected one of " + known,
                                BROKEN);
            });
        }

        private long[] numbers(String name, String what, String code, int limit, JsonParser in) throws IOException {
            if (in.currentToken() != JsonToken.START_ARRAY) {
                throw structure("the " + what + "s of the tensor " + quote(name), "an array of integers", in);
            }
            long[] out = new long[4];
            int count = 0;
            while (in.nextToken() != JsonToken.END_ARRAY) {
                if (count == limit) {
                    throw fault(
                            code,
                            file,
                            "the tensor " + quote(name) + " has more than " + limit + " " + what + "s",
                            BROKEN);
                }
                if (in.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                    throw structure("a " + what + " of the tensor " + quote(name), "an integer", in);
                }
                boolean fits = in.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
                if (!fits || in.getLongValue() < 0) {
                    throw fault(
                            code,
                            file,
                            "a " + what + " of the tensor " + quote(name) + " is " + quote(in.getText())
                                    + "; expected an integer from 0 to 2^63 - 1",
                            BROKEN);
                }
                if (count == out.length) {
                    out = Arrays.copyOf(out, 2 * count);
                }
                out[count++] = in.getLongValue();
            }
            return Arrays.copyOf(out, count);
        }

        private void checkSpan(String name, DType dtype, long[] shape, long[] span) {
            long bytes = dtype.bytes();
            boolean empty = false;
            try {
                for (long dim : shape) {
                    empty |= dim == 0;
                    bytes = Math.multiplyExact(bytes, Math.max(dim, 1));
                }
            } catch (ArithmeticException e) {
                throw fault(
                        "TFX0313",
                        file,
                        "the tensor " + quote(name) + " of shape " + Arrays.toString(shape) + " has 2^63 bytes or more",
                        BROKEN);
            }
            long expected = empty ? 0 : bytes;
            if (span[1] > dataSize) {
                throw fault(
                        "TFX0315",
                        file,
                        "the tensor " + quote(name) + " ends at byte " + span[1] + " of the data, which has only "
                                + dataSize + " bytes",
                        BROKEN);
            }
            if (span[1] < span[0] || span[1] - span[0] != expected) {
                throw fault(
                        "TFX0314",
                        file,
                        "the tensor " + quote(name) + ": " + dtype + Arrays.toString(shape) + " takes " + expected
                                + " bytes, but its data_offsets are [" + span[0] + ", " + span[1] + "]",
                        BROKEN);
            }
        }

        private tfx.source.TfxException structure(String what, String expected, JsonParser in) throws IOException {
            return fault("TFX0307", file, what + " is " + found(in) + ", expected " + expected, BROKEN);
        }

        private tfx.source.TfxException notText(String message) {
            return fault("TFX0318", file, message, BROKEN);
        }

        private tfx.source.TfxException duplicate(String what) {
            return fault("TFX0309", file, what + " occurs twice in the header", BROKEN);
        }

        private static String found(JsonParser in) throws IOException {
            JsonToken token = in.currentToken();
            if (token == null) {
                return "empty";
            }
            return switch (token) {
                case START_OBJECT -> "an object";
                case START_ARRAY -> "an array";
                case VALUE_STRING -> "the string " + quote(in.getText());
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "the number " + quote(in.getText());
                default -> quote(in.getText());
            };
        }
    }
}
