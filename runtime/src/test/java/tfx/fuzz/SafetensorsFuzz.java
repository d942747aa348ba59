package tfx.fuzz;

import java.lang.foreign.MemorySegment;
import tfx.runtime.weights.SafetensorsFile;
import tfx.runtime.weights.StoredTensor;
import tfx.source.TfxException;

/** Any bytes are a valid safetensors file, whose every element can then be read, or a coded fault: nothing else. */
public final class SafetensorsFuzz {
    private SafetensorsFuzz() {}

    /** The entry point in the form that coverage-guided fuzzers call. */
    public static void fuzzerTestOneInput(byte[] data) {
        SafetensorsFile file;
        try {
            file = SafetensorsFile.of("fuzz", MemorySegment.ofArray(data));
        } catch (TfxException e) {
            String code = e.diagnostics().getFirst().code();
            if (!code.startsWith("TFX03")) {
                throw new IllegalStateException("a weights file's fault has the code " + code, e);
            }
            return;
        }
        long bytes = 0;
        for (StoredTensor tensor : file.tensors().values()) {
            tensor.toDoubles();
            bytes += tensor.data().byteSize();
        }
        if (bytes > data.length) {
            throw new IllegalStateException("the tensors have " + bytes + " bytes, the file " + data.length);
        }
    }
}
