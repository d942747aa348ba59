package tfx.compiler.schedule;

/**
 * What one run of a kernel covers. The first dimension of the output whose size is the sequence length runs over
 * {@code start .. end} (absolute positions); every other dimension and reduction of that size runs over {@code 0 .. end}.
 * A whole sequence is a step from 0; a decoding step is one position.
 */
public record Step(int batch, long start, long end) {}
