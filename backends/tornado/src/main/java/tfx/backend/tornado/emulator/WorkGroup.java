package tfx.backend.tornado.emulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The work items of one group: one after another where none waits, else a virtual thread each. */
final class WorkGroup {
    /** Device memory local to a group holds what was in it before: kernels must not count on zeros. */
    private static final float UNDEFINED = Float.NaN;

    /** Work items that exchange numbers without barriers; a device has 32. */
    static final int WARP = 4;

    private final int size;
    private final boolean barriers;
    private final List<float[]> shared = new ArrayList<>();
    private final Thread[] items;
    private final Gate all;
    private final Gate[] warps;
    private final float[] exchanged;
    private volatile @Nullable Throwable fault;

    WorkGroup(int size, boolean barriers) {
        this.size = size;
        this.barriers = barriers;
        this.items = new Thread[size];
        this.all = new Gate(0, size);
        this.warps = new Gate[(size + WARP - 1) / WARP];
        for (int w = 0; w < warps.length; w++) {
            warps[w] = new Gate(w * WARP, Math.min(size, (w + 1) * WARP));
        }
        this.exchanged = new float[size];
    }

    int size() {
        return size;
    }

    void run(int number, int groups, Consumer<KernelContext> kernel) {
        if (!barriers) {
            for (int item = 0; item < size; item++) {
                kernel.accept(new KernelContext(this, number, groups, item));
            }
            return;
        }
        for (int item = 0; item < size; item++) {
            KernelContext context = new KernelContext(this, number, groups, item);
            items[item] = Thread.ofVirtual().unstarted(() -> item(context, kernel));
        }
        try {
            for (Thread item : items) {
                item.start();
            }
            for (Thread item : items) {
                item.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a kernel ran", e);
        }
        if (fault != null) {
            throw new IllegalStateException("a work item of group " + number + " failed: " + fault.getMessage(), fault);
        }
    }

    private void item(KernelContext context, Consumer<KernelContext> kernel) {
        try {
            kernel.accept(context);
            finish(context.localIdx);
        } catch (Throwable e) {
            fail(e);
        }
    }

    private synchronized void finish(int item) {
        for (Gate gate : List.of(all, warps[item / WARP])) {
            gate.finished++;
            if (gate.waiting.get() > 0) {
                fail(new IllegalStateException("work item " + item + " ended while others wait"));
            }
        }
    }

    private synchronized void fail(Throwable e) {
        if (fault == null) {
            fault = e;
        }
        for (Thread item : items) {
            LockSupport.unpark(item);
        }
    }

    void await() {
        all.await();
    }

    /** The sum over the work items of a warp, in each of them, added in one order. */
    float sum(int item, float value) {
        Gate warp = warps[item / WARP];
        exchanged[item] = value;
        warp.await();
        float sum = 0;
        for (int i = warp.from; i < warp.to; i++) {
            sum += exchanged[i];
        }
        warp.await();
        return sum;
    }

    /** Where neighbouring work items wait for one another. */
    private final class Gate {
        private final int from;
        private final int to;
        private final AtomicInteger waiting = new AtomicInteger();
        private volatile int round;
        private volatile int finished;

        Gate(int from, int to) {
            this.from = from;
            this.to = to;
        }

        void await() {
            if (!barriers) {
                throw new IllegalStateException("a barrier in a kernel that was said to have none");
            }
            int mine = round;
            if (waiting.incrementAndGet() == to - from) {
                waiting.set(0);
                round = mine + 1;
                // Parking costs a tenth of waiting for a monitor, and barriers are most of what a group does.
                for (int i = from; i < to; i++) {
                    if (items[i] != Thread.currentThread()) {
                        LockSupport.unpark(items[i]);
                    }
                }
                return;
            }
            if (finished > 0) {
                fail(new IllegalStateException("a work item waits for others that have ended"));
            }
            while (round == mine && fault == null) {
                LockSupport.park(this);
            }
            if (fault != null) {
                throw new IllegalStateException("another work item failed", fault);
            }
        }
    }

    synchronized float[] shared(int number, int length) {
        if (number == shared.size()) {
            float[] array = new float[length];
            Arrays.fill(array, UNDEFINED);
            shared.add(array);
        }
        if (shared.get(number).length != length) {
            throw new IllegalStateException("work items ask for local memory of different sizes");
        }
        return shared.get(number);
    }
}
