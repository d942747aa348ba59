package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Expr;
import tfx.source.Diagnostic;

/** Scheduled kernels as TornadoVM kernels on a GPU, or in the emulator of one. Serves one model; holds its memory. */
public final class TornadoBackend implements Backend {
    /** A device is filled by the rows of a long prompt only all at once. */
    private static final int POSITIONS = 2048;

    private final Platform platform;
    private final DeviceGraph graph;
    private final ThreadLocal<List<DeviceGraph.Call>> waiting = ThreadLocal.withInitial(ArrayList::new);

    TornadoBackend(Platform platform, Consumer<Diagnostic> notes) {
        this.platform = platform;
        this.graph = new DeviceGraph(platform, notes);
    }

    /**
     * A backend on a GPU.
     *
     * @param device {@code gpu}, or {@code gpu:} and which of TornadoVM's backends; {@code gpu:emulator} needs no device
     * @param notes receives what the user should know
     * @throws tfx.source.TfxException TFX0540 to TFX0543: what is missing
     */
    public static TornadoBackend open(String device, Consumer<Diagnostic> notes) {
        String kind = device.substring(Math.min(device.length(), "gpu:".length()));
        return kind.equals("emulator")
                ? new TornadoBackend(new Emulator(), notes)
                : new TornadoBackend(new TornadoVm(kind), notes);
    }

    /** Runs the same kernels in this process, work group by work group: slow, and needs no device. */
    public static TornadoBackend emulated() {
        return open("gpu:emulator", note -> {});
    }

    /**
     * The devices that the installed TornadoVM finds.
     *
     * @throws tfx.source.TfxException TFX0540, TFX0541, TFX0543
     */
    public static List<String> devices() {
        return TornadoVm.devices();
    }

    @Override
    public String name() {
        return "gpu (" + platform.driver().device() + ")";
    }

    @Override
    public int positions() {
        return POSITIONS;
    }

    @Override
    public DeviceMemory memory() {
        return graph.memory();
    }

    @Override
    public CompiledKernel compile(Kernel kernel, List<Layout> layouts, ElementType output, String length) {
        return compileAll(List.of(new Request(kernel, layouts, output, length))).getFirst();
    }

    @Override
    public List<CompiledKernel> compileAll(List<Request> requests) {
        List<@Nullable Expr> bodies = RowNumbers.bodies(requests);
        List<CompiledKernel> all = new ArrayList<>();
        for (int k = 0; k < requests.size(); k++) {
            Request request = requests.get(k);
            Expr body = bodies.get(k);
            all.add(body == null ? TAKEN : new Numbered(graph.add(new Template(request, body)), request));
        }
        return all;
    }

    /** A kernel that another one is enough for. */
    private static final CompiledKernel TAKEN = new CompiledKernel() {
        @Override
        public void run(Tensor[] operands, Tensor output, Step step, Workers workers) {}

        @Override
        public String source() {
            return "// Computed by the kernel that reads it.\n";
        }
    };

    @Override
    public @Nullable Replay finish() {
        List<DeviceGraph.Call> calls = waiting.get();
        waiting.remove();
        return calls.isEmpty() ? null : graph.run(calls);
    }

    @Override
    public void close() {
        graph.close();
    }

    private final class Numbered implements CompiledKernel {
        private final int number;
        private final Request request;

        Numbered(int number, Request request) {
            this.number = number;
            this.request = request;
        }

        @Override
        public void run(Tensor[] operands, Tensor output, Step step, Workers workers) {
            Tensor[] tensors = java.util.Arrays.copyOf(operands, operands.length + 1);
            tensors[operands.length] = output;
            long[] bases = new long[tensors.length];
            for (int i = 0; i < tensors.length; i++) {
                bases[i] = graph.memory().base(tensors[i]);
            }
            Map<String, Long> lengths = request.length() == null ? Map.of() : Map.of(request.length(), step.end());
            waiting.get().add(new DeviceGraph.Call(number, new CallRecord.Call(tensors, bases, step, lengths)));
        }

        @Override
        public String source() {
            return graph.source(number);
        }
    }
}
