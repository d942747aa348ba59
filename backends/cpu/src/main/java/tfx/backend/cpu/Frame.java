package tfx.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;

/** The arguments of one run, as generated code reads them. The output is the last of the tensors. */
final class Frame {
    /** Address of the element at index 0 of each tensor (which for a step's rows may lie before its memory). */
    final long[] base;
    /** Bytes from one sequence of the batch to the next. */
    final long[] batchBytes;
    /** Per tensor and dimension, in elements. */
    final long[][] strides;

    final int batch;
    final long start;
    final long end;
    /** The literals by which kernels that share a class differ. */
    final double[] constants;
    /** Address of scratch that the parts of the run share. */
    long shared;

    private final Tensor[] tensors;
    private final MemorySegment[] native_;

    Frame(Merged kernel, Tensor[] operands, Tensor output, Step step, double[] constants) {
        int n = kernel.views().size() + 1;
        this.tensors = new Tensor[n];
        for (int i = 0; i < n - 1; i++) {
            tensors[i] = operands[kernel.views().get(i).tensor()];
        }
        tensors[n - 1] = output;
        this.base = new long[n];
        this.batchBytes = new long[n];
        this.strides = new long[n][];
        this.native_ = new MemorySegment[n];
        this.batch = step.batch();
        this.start = step.start();
        this.end = step.end();
        this.constants = constants;
        for (int i = 0; i < n; i++) {
            Tensor t = tensors[i];
            check(t, batch);
            MemorySegment data = t.data();
            if (!data.isNative()) {
                data = Arena.ofAuto().allocate(t.data().byteSize(), 64).copyFrom(t.data());
            }
            native_[i] = data;
            int bytes = t.type().bytes();
            base[i] = data.address() + t.base() * bytes;
            batchBytes[i] = t.batchStride() * bytes;
            strides[i] = i < n - 1 ? kernel.views().get(i).strides(t) : kernel.outputStrides(t);
        }
    }

    /** Kernels address memory without bounds: what a tensor claims to span must lie in its segment. */
    private static void check(Tensor t, int batch) {
        if (!t.data().scope().isAlive()) {
            throw new IllegalArgumentException("a tensor's memory is freed");
        }
        long low = t.offset();
        long high = t.offset() + Math.max(0, batch - 1) * t.batchStride();
        for (int k = 0; k < t.shape().length; k++) {
            if (t.shape()[k] == 0) {
                return;
            }
            long span = (t.shape()[k] - 1) * t.strides()[k];
            low += Math.min(0, span);
            high += Math.max(0, span);
        }
        if (low < 0 || high >= t.data().byteSize() / t.type().bytes()) {
            throw new IllegalArgumentException("a tensor reaches outside its memory: elements " + low + " .. " + high
                    + " of " + t.data().byteSize() / t.type().bytes());
        }
    }

    /** Brings results home where the output was not native, and keeps all memory alive until here. */
    void finish() {
        Tensor output = tensors[tensors.length - 1];
        if (!output.data().isNative()) {
            output.data().copyFrom(native_[tensors.length - 1]);
        }
        java.lang.ref.Reference.reachabilityFence(native_);
        java.lang.ref.Reference.reachabilityFence(tensors);
    }
}
