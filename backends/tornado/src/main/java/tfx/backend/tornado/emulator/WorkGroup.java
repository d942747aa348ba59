package tfx.backend.tornado.emulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The work items of one group: one after another where none waits, else a virtual thread each, of which one runs at a time, up to
 * where it waits. Which one is next is drawn at random: a device promises no order.
 */
final class WorkGroup {
    /** Work items that exchange numbers without barriers; a device has 32. */
    static final int WARP = 4;

    private enum State {
        READY,
        WAITING,
        /** Until the kernels before have ended. */
        HELD,
        ENDED
    }

    private final int size;
    private final boolean barriers;
    private final List<LocalMemory> shared = new ArrayList<>();
    private final Thread[] items;
    private final State[] states;
    private final Gate all;
    private final Gate[] warps;
    private final float[] exchanged;
    private final Gate[] wide;
    private final Fragment[] fragments;
    private final Random order = new Random(1);
    private volatile int turn = -1;
    private volatile @Nullable Throwable fault;
    /** Whether what kernels before this one write is there. */
    private volatile boolean inputs = true;

    private volatile @Nullable CountDownLatch stopped;

    WorkGroup(int size, boolean barriers) {
        this.size = size;
        this.barriers = barriers;
        this.items = new Thread[size];
        this.states = new State[size];
        this.all = new Gate(0, size);
        this.warps = new Gate[(size + WARP - 1) / WARP];
        for (int w = 0; w < warps.length; w++) {
            warps[w] = new Gate(w * WARP, Math.min(size, (w + 1) * WARP));
        }
        this.exchanged = new float[size];
        this.wide = new Gate[size / Fragment.WARP];
        this.fragments = new Fragment[wide.length];
        for (int w = 0; w < wide.length; w++) {
            wide[w] = new Gate(w * Fragment.WARP, (w + 1) * Fragment.WARP);
            fragments[w] = new Fragment();
        }
    }

    int size() {
        return size;
    }

    /** How many barriers the group has passed. */
    int round() {
        return all.round;
    }

    void run(int number, int groups, Consumer<KernelContext> kernel) {
        if (!barriers) {
            for (int item = 0; item < size; item++) {
                kernel.accept(new KernelContext(this, number, groups, item));
            }
            return;
        }
        start(number, groups, kernel);
        end(number);
    }

    /** Begins to run while kernels before this one still do, until all work items wait for those. */
    void runAhead(int number, int groups, Consumer<KernelContext> kernel) {
        inputs = false;
        CountDownLatch now = new CountDownLatch(1);
        stopped = now;
        start(number, groups, kernel);
        try {
            now.await();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Runs to the end what has run ahead: the kernels before it have ended. */
    void runOn(int number) {
        inputs = true;
        stopped = null;
        for (int item = 0; item < size; item++) {
            states[item] = states[item] == State.HELD ? State.READY : states[item];
        }
        if (fault == null) {
            next();
        }
        end(number);
    }

    private void start(int number, int groups, Consumer<KernelContext> kernel) {
        Arrays.fill(states, State.READY);
        for (int item = 0; item < size; item++) {
            KernelContext context = new KernelContext(this, number, groups, item);
            items[item] = Thread.ofVirtual().unstarted(() -> item(context, kernel));
        }
        for (Thread item : items) {
            item.start();
        }
        next();
    }

    private void end(int number) {
        try {
            for (Thread item : items) {
                item.join();
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        if (fault != null) {
            throw new IllegalStateException("a work item of group " + number + " failed: " + fault.getMessage(), fault);
        }
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted while a kernel ran", e);
    }

    private void item(KernelContext context, Consumer<KernelContext> kernel) {
        try {
            sleep(context.localIdx);
            kernel.accept(context);
            states[context.localIdx] = State.ENDED;
            next();
        } catch (Throwable e) {
            fail(e);
        }
    }

    private void fail(Throwable e) {
        if (fault == null) {
            fault = e;
        }
        for (Thread item : items) {
            LockSupport.unpark(item);
        }
        stop();
    }

    private void stop() {
        CountDownLatch waited = stopped;
        if (waited != null) {
            waited.countDown();
        }
    }

    /** Gives the turn to any item that does not wait. */
    private void next() {
        int from = order.nextInt(size);
        boolean waits = false;
        boolean held = false;
        for (int k = 0; k < size; k++) {
            int item = (from + k) % size;
            if (states[item] == State.READY) {
                turn = item;
                LockSupport.unpark(items[item]);
                return;
            }
            waits |= states[item] == State.WAITING;
            held |= states[item] == State.HELD;
        }
        if (waits && !held) {
            throw new IllegalStateException("work items wait for others that have ended or wait elsewhere");
        }
        turn = -1;
        stop();
    }

    /** Until it is an item's turn. */
    private void sleep(int item) {
        while (turn != item && fault == null) {
            LockSupport.park(this);
        }
        if (fault != null) {
            throw new IllegalStateException("another work item failed", fault);
        }
    }

    /** Until the kernels before this one have ended. */
    void awaitInputs(int item) {
        if (!inputs) {
            states[item] = State.HELD;
            next();
            sleep(item);
        }
    }

    void await(int item, int site) {
        all.await(item, site);
    }

    /** The sum over the work items of a warp, in each of them, added in one order. */
    float sum(int item, float value) {
        Gate warp = warps[item / WARP];
        exchanged[item] = value;
        warp.await(item, 0);
        float sum = 0;
        for (int i = warp.from; i < warp.to; i++) {
            sum += exchanged[i];
        }
        warp.await(item, 0);
        return sum;
    }

    /** What a work item of the same warp has; an item's own where there is no such one in the warp. */
    float other(int item, float value, int other) {
        Gate warp = warps[item / WARP];
        exchanged[item] = value;
        warp.await(item, 0);
        float found = other < warp.to ? exchanged[other] : value;
        warp.await(item, 0);
        return found;
    }

    /** Adds a product that a warp of 32 computes to the sums of all its work items; the last to come computes it. */
    void multiply(int item, float[] sums, int... factors) {
        int warp = item / Fragment.WARP;
        fragments[warp].give(item % Fragment.WARP, sums, factors);
        if (wide[warp].last()) {
            fragments[warp].multiply();
        }
        wide[warp].await(item, 0);
    }

    /** Where neighbouring work items wait for one another. */
    private final class Gate {
        private final int from;
        private final int to;
        private int waiting;
        private int round;
        private int site;

        Gate(int from, int to) {
            this.from = from;
            this.to = to;
        }

        /** Whether all others wait. */
        boolean last() {
            return waiting == to - from - 1;
        }

        void await(int item, int where) {
            if (!barriers) {
                throw new IllegalStateException("a barrier in a kernel that was said to have none");
            }
            if (waiting > 0 && where != site) {
                throw new IllegalStateException("work items wait at different barriers, " + site + " and " + where);
            }
            site = where;
            waiting++;
            if (waiting == to - from) {
                waiting = 0;
                round++;
                Arrays.fill(states, from, to, State.READY);
            } else {
                states[item] = State.WAITING;
            }
            next();
            sleep(item);
        }
    }

    LocalMemory shared(int number, int length, boolean floats) {
        if (number == shared.size()) {
            shared.add(floats ? LocalMemory.floats(number, length) : LocalMemory.ints(number, length));
        }
        LocalMemory memory = shared.get(number);
        if (memory.length != length || memory.array instanceof float[] != floats) {
            throw new IllegalStateException("work items ask for different local memory");
        }
        return memory;
    }

    /** What stands behind an array that a kernel holds; null for one of its own. */
    @SuppressWarnings("ReferenceEquality") // arrays have identity
    @Nullable
    LocalMemory memory(Object array) {
        for (LocalMemory memory : shared) {
            if (memory.array == array) {
                return memory;
            }
        }
        return null;
    }
}
