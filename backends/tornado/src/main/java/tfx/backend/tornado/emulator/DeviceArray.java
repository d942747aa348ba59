package tfx.backend.tornado.emulator;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An array with two sides, the process's and the device's: what is not carried across is not there. */
public abstract class DeviceArray {
    private final MemorySegment host;

    @SuppressWarnings("MustBeClosedChecker") // automatic
    DeviceArray(long bytes) {
        this.host = Arena.ofAuto().allocate(bytes, 64);
    }

    MemorySegment host() {
        return host;
    }

    /** The device's side. */
    abstract MemorySegment device();

    abstract int elementBytes();

    void toDevice() {
        MemorySegment.copy(host, 0, device(), 0, host.byteSize());
    }

    void toHost(long first, long count) {
        MemorySegment.copy(device(), first * elementBytes(), host, first * elementBytes(), count * elementBytes());
    }
}
