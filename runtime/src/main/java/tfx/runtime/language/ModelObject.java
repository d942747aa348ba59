package tfx.runtime.language;

import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.interop.ArityException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.names.ModelRef;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.runtime.interop.Arguments;
import tfx.runtime.interop.GuestObject;
import tfx.runtime.interop.Values;
import tfx.runtime.model.LoadedModel;
import tfx.runtime.reference.Reference;

/**
 * A declared model or variant. {@code load(path, formals?)} reads weights with what lies beside them;
 * {@code new Model(formals, parameters)} takes weights as arrays. Both give a {@link LoadedObject}.
 */
final class ModelObject extends GuestObject {
    private static final String NAME = "name";
    private static final String FORMALS = "formals";
    private static final String LOAD = "load";

    private final TfxContext context;
    private final ModelRef model;

    ModelObject(@Nullable TruffleLanguage<?> language, TfxContext context, ModelRef model) {
        super(language);
        this.context = context;
        this.model = model;
    }

    @Override
    protected String display() {
        return "model " + model.name() + "(" + String.join(", ", model.formals().keySet()) + ")";
    }

    @Override
    protected List<String> members() {
        return List.of(NAME, FORMALS, LOAD);
    }

    @Override
    protected @Nullable Object member(String member) {
        return switch (member) {
            case NAME -> model.name();
            case FORMALS ->
                Values.list(language(), new ArrayList<>(model.formals().keySet()));
            case LOAD -> Values.function(language(), LOAD, 1, 2, this::load);
            default -> null;
        };
    }

    private Object load(Object[] arguments) {
        String path = Arguments.text(arguments[0], "load: the path of the weights");
        Map<String, Object> formals = arguments.length < 2 ? Map.of() : formals(arguments[1]);
        return loaded(LoadedModel.load(model, context.weights(path), formals, context::note));
    }

    @Override
    protected boolean instantiable() {
        return true;
    }

    @Override
    protected Object instantiate(Object[] arguments) throws ArityException {
        if (arguments.length > 2) {
            throw ArityException.create(0, 2, arguments.length);
        }
        Map<String, Object> formals = arguments.length < 1 ? Map.of() : formals(arguments[0]);
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        if (arguments.length > 1) {
            Arguments.entries(arguments[1], "parameters")
                    .forEach((name, value) -> parameters.put(name, tensor(Arguments.tensor(value, name))));
        }
        return loaded(LoadedModel.of(model, formals, parameters, context::note));
    }

    private LoadedObject loaded(LoadedModel loaded) {
        try {
            loaded.requireWeights();
            LoadedObject object = new LoadedObject(language(), context, loaded);
            context.register(object);
            return object;
        } catch (RuntimeException fault) {
            loaded.close();
            throw fault;
        }
    }

    private static Map<String, Object> formals(Object given) {
        Map<String, Object> formals = new LinkedHashMap<>();
        Arguments.entries(given, "formals").forEach((name, value) -> formals.put(name, Arguments.json(value, name)));
        return formals;
    }

    /** In float32, as weights of files mostly are; freed when nothing refers to it. */
    private static Tensor tensor(Reference.Array array) {
        double[] data = array.data();
        MemorySegment memory = Arena.ofAuto().allocate(Math.max(1, data.length) * 4L, 64);
        for (int i = 0; i < data.length; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) data[i]);
        }
        long[] shape = array.shape();
        return new Tensor(memory, ElementType.F32, shape, Tensor.strides(shape), 0, 0, 0, -1);
    }
}
