package tfx.runtime.reference;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;

/** Programs written by hand. */
public final class Ir {
    public static final Size T = Size.symbol("t");

    private Ir() {}

    public static Expr at(Index index) {
        return new Expr.At(index);
    }

    public static Expr number(double value) {
        return new Expr.Number(value);
    }

    public static Expr read(Value value, Object... at) {
        List<Expr> indices = new ArrayList<>();
        for (Object index : at) {
            indices.add(index instanceof Index i ? at(i) : (Expr) index);
        }
        return new Expr.Read(value, indices);
    }

    public static Expr binary(Expr.BinaryOp op, Expr left, Expr right) {
        return new Expr.Binary(op, left, right);
    }

    public static Expr times(Expr left, Expr right) {
        return binary(Expr.BinaryOp.MUL, left, right);
    }

    public static Expr minus(Expr left, Expr right) {
        return binary(Expr.BinaryOp.SUB, left, right);
    }

    public static Expr upTo(Index s, Index t) {
        return binary(Expr.BinaryOp.LE, at(s), at(t));
    }

    public static Expr exp(Expr operand) {
        return new Expr.Unary(Expr.UnaryOp.EXP, operand);
    }

    public static Expr reduce(Expr.Monoid monoid, Index index, Expr domain, Expr body) {
        return new Expr.Reduce(monoid, List.of(index), domain, body);
    }

    public static Expr sum(Index index, Expr body) {
        return reduce(Expr.Monoid.SUM, index, Expr.TRUE, body);
    }

    public static Value.Comprehension define(String name, List<Index> indices, Expr domain, Expr body) {
        return new Value.Comprehension(name, indices, domain, body);
    }

    public static Program program(List<Value.Input> inputs, List<Value.Parameter> parameters, Value... outputs) {
        Map<String, Value> named = new LinkedHashMap<>();
        for (Value output : outputs) {
            named.put(output.name(), output);
        }
        return new Program(inputs, parameters, named, named, "t");
    }

    /** Parameters of float64 elements, row-major. */
    public static Function<String, Tensor> parameters(Program program, Map<String, double[]> data) {
        return name -> {
            long[] shape = program.parameters().stream()
                    .filter(parameter -> parameter.name().equals(name))
                    .findFirst()
                    .orElseThrow()
                    .shape()
                    .stream()
                    .mapToLong(Size::constant)
                    .toArray();
            return new Tensor(
                    MemorySegment.ofArray(data.get(name)), ElementType.F64, shape, Tensor.strides(shape), 0, 0, 0, -1);
        };
    }

    /** The same as float32 elements outside the Java heap. */
    public static Function<String, Tensor> floats(Program program, Map<String, double[]> data) {
        Function<String, Tensor> doubles = parameters(program, data);
        return name -> {
            Tensor tensor = doubles.apply(name);
            double[] values = data.get(name);
            MemorySegment memory = Arena.ofAuto().allocate(4L * values.length, 64);
            for (int i = 0; i < values.length; i++) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
            }
            return new Tensor(memory, ElementType.F32, tensor.shape(), tensor.strides(), 0, 0, 0, -1);
        };
    }
}
