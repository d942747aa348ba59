package tfx.runtime.language;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Value;
import tfx.runtime.interop.Arguments;
import tfx.runtime.interop.GuestObject;
import tfx.runtime.interop.Values;
import tfx.runtime.plan.Session;
import tfx.runtime.reference.Reference;

/** Sequences that advance: {@code step} and {@code run} give the next positions, and all before them are kept. */
final class SessionObject extends GuestObject {
    private static final String POSITION = "position";
    private static final String BATCH = "batch";

    private final LoadedObject model;
    private final Session session;
    private final Map<String, GuestObject> functions = new LinkedHashMap<>();
    private boolean closed;

    SessionObject(LoadedObject model, Session session) {
        super(model.language());
        this.model = model;
        this.session = session;
        function("step", 1, this::step);
        function("run", 1, this::run);
        function("reset", 0, arguments -> {
            requireOpen();
            session.reset();
            return this;
        });
        function("close", 0, arguments -> {
            close();
            return this;
        });
    }

    private void function(String name, int least, Values.Body body) {
        functions.put(name, Values.function(language(), name, least, least == 0 ? 0 : Integer.MAX_VALUE, body));
    }

    private void requireOpen() {
        model.requireOpen();
        if (closed) {
            throw Arguments.fault("session", "it is closed", "open another");
        }
    }

    private Inputs inputs(Object[] arguments) {
        requireOpen();
        Inputs inputs = Inputs.of(session.engine().schedule().program().inputs(), arguments);
        if (inputs.batch() != session.batch()) {
            throw Arguments.fault(
                    "inputs",
                    inputs.batch() + " sequences in a session of " + session.batch(),
                    "give the next positions of each");
        }
        model.requireRoom(session.position() + inputs.positions());
        return inputs;
    }

    /** The outputs at every new position. */
    private Object run(Object[] arguments) {
        Inputs inputs = inputs(arguments);
        return inputs.results(language(), inputs.advance(session, Session.Rows.ALL));
    }

    /** The outputs at the last position alone. */
    private Object step(Object[] arguments) {
        Inputs inputs = inputs(arguments);
        Schedule schedule = session.engine().schedule();
        Map<String, Reference.Result> rows = new LinkedHashMap<>();
        inputs.advance(session, Session.Rows.LAST).forEach((name, result) -> {
            Value value = schedule.outputs().get(name);
            int axis = Scheduler.sequenceAxis(value, schedule.length());
            rows.put(name, axis < 0 ? result : without(result, axis + (result.batched() ? 1 : 0)));
        });
        return inputs.results(language(), rows);
    }

    /** A dimension of one element left out. */
    private static Reference.Result without(Reference.Result result, int axis) {
        long[] shape = Arrays.copyOf(result.shape(), result.shape().length - 1);
        System.arraycopy(result.shape(), axis + 1, shape, axis, shape.length - axis);
        return new Reference.Result(result.data(), shape, result.batched());
    }

    void close() {
        if (!closed) {
            closed = true;
            session.close();
            model.forget(this);
        }
    }

    @Override
    protected String display() {
        return closed ? "session, closed" : "session at position " + session.position();
    }

    @Override
    protected List<String> members() {
        List<String> all = new java.util.ArrayList<>(List.of(POSITION, BATCH));
        all.addAll(functions.keySet());
        return all;
    }

    @Override
    protected @Nullable Object member(String member) {
        return switch (member) {
            case POSITION -> session.position();
            case BATCH -> session.batch();
            default -> functions.get(member);
        };
    }
}
