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

    private final int size;
    private final boolean barriers;
    private final List<float[]> shared = new ArrayList<>();
    private final Thread[] items;
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile int round;
    private volatile int finished;
    private volatile @Nullable Throwable fault;

    WorkGroup(int size, boolean barriers) {
        this.size = size;
        this.barriers = barriers;
        this.items = new Thread[size];
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
        finished++;
        if (waiting.get() > 0) {
            fail(new IllegalStateException("work item " + item + " ended while others wait"));
        }
    }

    private synchronized void fail(Throwable e) {
        if (fault == null) {
            fault = e;
        }
        wake();
    }

    /** Parking costs a tenth of waiting for a monitor, and barriers are most of what a group does. */
    private void wake() {
        for (Thread item : items) {
            if (item != Thread.currentThread()) {
                LockSupport.unpark(item);
            }
        }
    }

    void await() {
        if (!barriers) {
            throw new IllegalStateException("a barrier in a kernel that was said to have none");
        }
        int mine = round;
        if (waiting.incrementAndGet() == size) {
            waiting.set(0);
            round = mine + 1;
            wake();
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
