package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import tfx.backend.common.Analysis;
import tfx.backend.common.Key;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Expr;
import tfx.ir.Value;

/** Scheduled kernels as generated Java classes on the Vector API. */
public final class CpuBackend implements Backend {
    private record Loaded(KernelCode code, String source) {}

    private final Map<String, Loaded> loaded = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public CompiledKernel compile(Kernel kernel, List<Layout> layouts, ElementType output, String length) {
        return compileAll(List.of(new Request(kernel, layouts, output, length))).getFirst();
    }

    @Override
    public synchronized List<CompiledKernel> compileAll(List<Request> requests) {
        List<String> keys = new ArrayList<>();
        List<double[]> constants = new ArrayList<>();
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, String> sources = new LinkedHashMap<>();
        List<Merged> kernels = new ArrayList<>();
        for (Request r : requests) {
            Analysis analysis = new Analysis();
            Merged merged = Merged.of(r.kernel().output(), r.kernel().operands(), r.layouts());
            kernels.add(merged);
            Value.Comprehension kernel = merged.kernel();
            Expr body = analysis.intern(new Expr.Select(kernel.domain(), kernel.body(), new Expr.Number(0)));
            Key key = new Key(analysis, merged.operands(), merged.layouts(), r.output(), r.length(), kernel, body);
            keys.add(key.text());
            constants.add(key.arguments());
            if (!loaded.containsKey(key.text()) && !names.containsKey(key.text())) {
                Operands operands = new Operands(
                        merged.operands(),
                        merged.layouts(),
                        r.output(),
                        kernel.indices().size(),
                        r.length(),
                        key.constants());
                String name = "Kernel" + (loaded.size() + names.size());
                names.put(key.text(), name);
                sources.put(name, Compilation.source(name, Writers.write(analysis, operands, kernel.indices(), body)));
            }
        }
        Map<String, KernelCode> made = Compilation.load(sources);
        names.forEach((key, name) -> loaded.put(key, new Loaded(made.get(name), sources.get(name))));
        List<CompiledKernel> all = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            all.add(new Runnable(loaded.get(keys.get(i)), kernels.get(i), constants.get(i)));
        }
        return all;
    }

    private record Runnable(Loaded loaded, Merged kernel, double[] constants) implements CompiledKernel {
        @Override
        public void run(Tensor[] operands, Tensor output, Step step, Workers workers) {
            Frame frame = new Frame(kernel, operands, output, step, constants);
            KernelCode code = loaded.code();
            int phases = code.phases(frame);
            for (int phase = 0; phase < phases; phase++) {
                int p = phase;
                workers.forEach(code.parts(frame, phase), part -> code.part(frame, p, part));
            }
            frame.finish();
        }

        @Override
        public String source() {
            return loaded.source();
        }
    }
}
