package tfx.runtime.reference;

import java.util.Arrays;

/**
 * A computed value: the element at indices i lies at {@code offset + sum_k (i_k - originOf(k)) * strides[k]}.
 *
 * @param extents the length of each dimension as stored
 * @param axis the first dimension of sequence length, or -1
 * @param origin the absolute index of row 0 along {@code axis}
 */
record Stored(double[] data, int offset, int[] extents, int[] strides, int axis, int origin) {

    /** Row-major, from index 0 in every dimension. */
    static Stored dense(double[] data, int[] extents) {
        int[] strides = new int[extents.length];
        int stride = 1;
        for (int k = extents.length - 1; k >= 0; k--) {
            strides[k] = stride;
            stride *= extents[k];
        }
        return new Stored(data, 0, extents, strides, -1, 0);
    }

    int originOf(int dimension) {
        return dimension == axis ? origin : 0;
    }

    /** The number of elements. */
    int size() {
        return Arrays.stream(extents).reduce(1, Math::multiplyExact);
    }

    long[] shape() {
        return Arrays.stream(extents).asLongStream().toArray();
    }
}
