package tfx.backend.tornado.emulator;

import java.util.function.LongToDoubleFunction;
import java.util.stream.IntStream;
import tfx.backend.tornado.Driver.Block;
import tfx.backend.tornado.Driver.Multiply;

/**
 * A product of matrices as a library computes it: factors of their types, sums in single precision, which are rounded where they
 * lie in fewer bits; rows past the step's too.
 */
record EmulatedProduct(Multiply product) implements Runnable {

    @Override
    public void run() {
        LongToDoubleFunction left = elements(product.left());
        LongToDoubleFunction right = elements(product.right());
        Object into = product.into().array();
        int depth = product.depth();
        long across = product.turned() ? 1 : product.right().pitch();
        long along = product.turned() ? product.right().pitch() : 1;
        IntStream.range(0, product.rows()).parallel().forEach(r -> {
            for (int c = 0; c < product.columns(); c++) {
                float sum = 0;
                for (int k = 0; k < depth; k++) {
                    sum += (float) left.applyAsDouble(r * product.left().pitch() + k)
                            * (float) right.applyAsDouble(c * across + k * along);
                }
                int at = Math.toIntExact(
                        product.into().first() + r * product.into().pitch() + c);
                switch (into) {
                    case FloatArray floats -> floats.set(at, product.adds() ? floats.get(at) + sum : sum);
                    case BFloat16Array shorts when !product.adds() -> shorts.set(at, BFloat16.bf16FromFloat(sum));
                    default -> throw new IllegalArgumentException("no sums in " + into.getClass());
                }
            }
        });
    }

    private static LongToDoubleFunction elements(Block block) {
        return switch (block.array()) {
            case FloatArray floats -> at -> floats.get(Math.toIntExact(block.first() + at));
            case BFloat16Array shorts -> at -> BFloat16.bf16ToFloat(shorts.get(Math.toIntExact(block.first() + at)));
            default ->
                throw new IllegalArgumentException(
                        "no product of " + block.array().getClass());
        };
    }
}
