package tfx.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Workers;

/**
 * A fixed pool of daemon threads; the caller works too. Between the kernels of a step the threads spin for some tens of
 * microseconds before they sleep, so that handing out work costs about one. One caller at a time: others wait.
 */
public final class PoolWorkers implements Workers, AutoCloseable {
    private static final int SPINS = 20_000;

    private final Thread[] threads;
    private final AtomicReference<@Nullable Round> current = new AtomicReference<>();
    private volatile boolean closed;

    /** The work of one {@link #forEach}. */
    private static final class Round {
        final int parts;
        final IntConsumer task;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();
        final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Round(int parts, IntConsumer task) {
            this.parts = parts;
            this.task = task;
        }

        void work() {
            int part = next.getAndIncrement();
            while (part < parts) {
                try {
                    if (failure.get() == null) {
                        task.accept(part);
                    }
                } catch (Throwable thrown) {
                    failure.compareAndSet(null, thrown);
                } finally {
                    done.incrementAndGet();
                }
                part = next.getAndIncrement();
            }
        }
    }

    /** @param count threads in all, the caller's included; at least 1 */
    public PoolWorkers(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("threads: " + count);
        }
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            threads[i] =
                    Thread.ofPlatform().daemon().name("tfx-worker-" + (i + 1)).start(this::serve);
        }
    }

    @Override
    public int count() {
        return threads.length + 1;
    }

    @Override
    public synchronized void forEach(int parts, IntConsumer task) {
        if (parts <= 1 || threads.length == 0) {
            for (int part = 0; part < parts; part++) {
                task.accept(part);
            }
            return;
        }
        Round round = new Round(parts, task);
        current.set(round);
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        round.work();
        while (round.done.get() < parts) {
            Thread.onSpinWait();
        }
        current.compareAndSet(round, null);
        Throwable failure = round.failure.get();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    private void serve() {
        Round last = null;
        int idle = 0;
        while (!closed) {
            Round round = current.get();
            if (round != null && round != last) {
                round.work();
                last = round;
                idle = 0;
            } else if (++idle < SPINS) {
                Thread.onSpinWait();
            } else {
                last = null;
                Round again = current.get();
                if (again == null || again.next.get() >= again.parts) {
                    LockSupport.park(this);
                }
                idle = 0;
            }
        }
    }

    /** Ends the threads; the pool must not be used afterwards. */
    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}
