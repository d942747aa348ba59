// What stands before a generated kernel where CUDA's compiler reads it. The kernel's text is that of a Java method, which is C++ as
// well once the names in it are defined: arrays, the context, functions. Nothing is included: the compiler that a driver brings
// along has no headers.

#define final const
typedef bool boolean;

#define FUNCTION __device__ __forceinline__

// Kernels declare what only some of them read.
#pragma nv_diag_suppress 177

/** Bits of 16-bit floats as the elements of an array. */
struct HalfFloat {
    short bits;
    FUNCTION float getFloat32() const {
        float value;
        asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
        return value;
    }
};

// What is read once and leaves the caches first. Volatile, so that it is read where the text reads it.
#define READ_ONCE(type, bits, constraint) \
    FUNCTION type readOnce(const type *element) { \
        type value; \
        asm volatile("ld.global.cs.b" #bits " %0, [%1];" : "=" #constraint(value) : "l"(element)); \
        return value; \
    }
READ_ONCE(short, 16, h)
READ_ONCE(int, 32, r)
READ_ONCE(float, 32, f)
READ_ONCE(long long, 64, l)
FUNCTION HalfFloat readOnce(const HalfFloat *element) { return {readOnce(&element->bits)}; }

/**
 * An array of the device. Elements are read where the text reads them: reads of memory that does not change, __ldg, the compiler
 * would move behind a barrier that they are to stand before.
 */
template <typename T> struct Array {
    T *elements;

    FUNCTION T get(int index) const { return elements[index]; }
    FUNCTION T getEarlier(int index) const { return elements[index]; }
    FUNCTION T getOnce(int index) const { return readOnce(elements + index); }
    FUNCTION void set(int index, T value) const { elements[index] = value; }
};

// Java's has 64 bits on every machine.
#define long long long

namespace TornadoMath {
FUNCTION float abs(float x) { return fabsf(x); }
FUNCTION double abs(double x) { return fabs(x); }
FUNCTION float exp(float x) { return expf(x); }
FUNCTION double exp(double x) { return ::exp(x); }
FUNCTION float log(float x) { return logf(x); }
FUNCTION double log(double x) { return ::log(x); }
FUNCTION float sqrt(float x) { return sqrtf(x); }
FUNCTION double sqrt(double x) { return ::sqrt(x); }
FUNCTION float sin(float x) { return sinf(x); }
FUNCTION double sin(double x) { return ::sin(x); }
FUNCTION float cos(float x) { return cosf(x); }
FUNCTION double cos(double x) { return ::cos(x); }
FUNCTION double tanh(double x) { return ::tanh(x); }
FUNCTION float floor(float x) { return floorf(x); }
FUNCTION double floor(double x) { return ::floor(x); }
FUNCTION float pow(float x, float y) { return powf(x, y); }
FUNCTION double pow(double x, double y) { return ::pow(x, y); }
/** Of a number and what is none the number. */
FUNCTION float max(float x, float y) { return fmaxf(x, y); }
/** Two to the power of x, as the device's unit for it has it. */
FUNCTION float exp2(float x) {
    float value;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(value) : "f"(x));
    return value;
}
}

namespace Float {
FUNCTION int floatToRawIntBits(float x) { return __float_as_int(x); }
FUNCTION float intBitsToFloat(int bits) { return __int_as_float(bits); }
}

namespace BFloat16 {
FUNCTION float bf16ToFloat(short bits) { return __int_as_float((int) ((unsigned) bits << 16)); }
/** Rounded to the nearest, to even at a tie; what is no number stays none. */
FUNCTION short bf16FromFloat(float value) {
#if __CUDA_ARCH__ >= 800
    short bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
#else
    const unsigned bits = __float_as_uint(value);
    return (short) ((value != value ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1)) >> 16);
#endif
}
/** Two numbers in an int, the first in its lower half. */
FUNCTION int pack(float first, float second) {
#if __CUDA_ARCH__ >= 800
    int pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
    return pair;
#else
    return bf16FromFloat(first) & 0xffff | bf16FromFloat(second) << 16;
#endif
}
}

/** A work item's place among GROUP of a group, and what it does with the others. */
template <int GROUP> struct KernelContext {
    const int localIdx = threadIdx.x;
    const int groupIdx = blockIdx.x;
    const int globalIdx = blockIdx.x * GROUP + threadIdx.x;
    const int localGroupSizeX = GROUP;
    const int globalGroupSizeX = gridDim.x * GROUP;

    static FUNCTION void localBarrier() { __syncthreads(); }

    /** Lets the next kernel start, which waits for this one where it needs to. */
    static FUNCTION void startNext() {
#if __CUDA_ARCH__ >= 900
        asm volatile("griddepcontrol.launch_dependents;");
#endif
    }

    /** Waits until the kernels before this one have ended and what they wrote is there. */
    static FUNCTION void awaitInputs() {
#if __CUDA_ARCH__ >= 900
        asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
    }

    /** The same where what is read next may be of this execution. */
    static FUNCTION void awaitInputs(bool needed) {
        if (needed) {
            awaitInputs();
        }
    }

    static FUNCTION float simdShuffleXor(float value, int mask) { return __shfl_xor_sync(0xffffffff, value, mask); }
    static FUNCTION float simdShuffleDown(float value, int distance) { return __shfl_down_sync(0xffffffff, value, distance); }
    static FUNCTION float simdBroadcastFirst(float value) { return __shfl_sync(0xffffffff, value, 0); }
    /** A number added over a warp, in each of its items. */
    static FUNCTION float simdSum(float value) {
#pragma unroll
        for (int mask = 16; mask > 0; mask /= 2) {
            value += simdShuffleXor(value, mask);
        }
        return value;
    }

#if __CUDA_ARCH__ >= 800
    /** Adds the product of 16 rows of 16 and as many rows of 8, pairs of BF16 as the warp's fragments hold them. */
    static FUNCTION void multiply(float (&sums)[4], int a0, int a1, int a2, int a3, int b0, int b1) {
        asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
            : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
            : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
    }

    /** Brings four ints from an array to the group's memory, which hold them when they were waited for. Both places count in fours. */
    static FUNCTION void copyToLocal(int *into, int at, Array<int> array, int from) {
        const unsigned to = (unsigned) __cvta_generic_to_shared(into + at);
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(__cvta_generic_to_global(array.elements + from)) : "memory");
    }

    /** Waits until the item's own copies are there. */
    static FUNCTION void awaitCopies() { asm volatile("cp.async.wait_all;" ::: "memory"); }
#endif
};

