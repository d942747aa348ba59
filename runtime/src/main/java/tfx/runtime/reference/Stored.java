package tfx.runtime.reference;

import java.util.Arrays;

/**
 * A computed value, row-major.
 *
 * @param extents the length of each dimension as stored
 * @param axis the first dimension of sequence length, or -1
 * @param origin the absolute index of row 0 along {@code axis}
 */
record Stored(double[] data, int[] extents, int axis, int origin) {
    int[] strides() {
        int[] strides = new int[extents.length];
        int stride = 1;
        for (int k = extents.length - 1; k >= 0; k--) {
            strides[k] = stride;
            stride *= extents[k];
        }
        return strides;
    }

    int originOf(int dimension) {
        return dimension == axis ? origin : 0;
    }

    long[] shape() {
        return Arrays.stream(extents).asLongStream().toArray();
    }
}
