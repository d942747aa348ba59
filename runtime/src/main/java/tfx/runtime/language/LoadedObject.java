package tfx.runtime.language;

import com.oracle.truffle.api.TruffleLanguage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tfx.runtime.interop.Arguments;
import tfx.runtime.interop.GuestObject;
import tfx.runtime.interop.Values;
import tfx.runtime.model.LoadedModel;
import tfx.runtime.plan.Engine;
import tfx.runtime.plan.Session;
import tfx.runtime.reference.Reference;
import tfx.runtime.text.Tokenizer;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** A model with weights, on the context's device. Called with token ids it gives its output at every position. */
final class LoadedObject extends GuestObject {
    private final TfxContext context;
    private final LoadedModel model;
    private final Map<String, Supplier<Object>> members = new LinkedHashMap<>();
    /** An engine for each set of observed values, made when it is first asked for. */
    private final Map<List<String>, LoadedModel.Running> running = new HashMap<>();

    private final List<SessionObject> sessions = new ArrayList<>();
    private @Nullable Tokenizer tokenizer;
    private boolean closed;

    LoadedObject(@Nullable TruffleLanguage<?> language, TfxContext context, LoadedModel model) {
        super(language);
        this.context = context;
        this.model = model;
        members.put("name", () -> model.elaborated().model().name());
        members.put("context", model::context);
        members.put("vocabulary", model::vocabulary);
        members.put(
                "values",
                () -> Values.list(
                        language, new ArrayList<>(model.program().named().keySet())));
        members.put(
                "parameters",
                () -> Values.list(
                        language,
                        new ArrayList<>(model.elaborated().parameters().keySet())));
        function("session", 0, 1, this::session);
        function("generate", 1, 3, arguments -> Generating.of(this, arguments));
        function("probe", 2, Integer.MAX_VALUE, this::probe);
        function(
                "encode",
                1,
                1,
                arguments ->
                        Values.list(language, tokenizer().encode(Arguments.text(arguments[0], "encode: the text"))));
        function("decode", 1, 1, arguments -> tokenizer().decode(Generating.ids(arguments[0], "decode: the ids")));
        function("close", 0, 0, arguments -> {
            close();
            return this;
        });
    }

    private void function(String name, int least, int most, Values.Body body) {
        GuestObject function = Values.function(language(), name, least, most, body);
        members.put(name, () -> function);
    }

    LoadedModel model() {
        return model;
    }

    Engine engine(List<String> observed) {
        requireOpen();
        return running.computeIfAbsent(observed, paths -> {
                    LoadedModel.Running started = model.start(context.device(), context.threads(), paths);
                    TruffleLanguage<?> language = language();
                    if (language != null) {
                        started.engine().bind(language);
                    }
                    return started;
                })
                .engine();
    }

    Tokenizer tokenizer() {
        requireOpen();
        if (tokenizer == null) {
            tokenizer = model.tokenizer();
        }
        return tokenizer;
    }

    /** TFX0522 behind {@code close}. */
    void requireOpen() {
        if (closed) {
            throw new TfxException(
                    Diagnostic.error("TFX0522", model.elaborated().model().name(), "it is closed", "load it again"));
        }
    }

    /** TFX0505 where a sequence would be longer than the model takes. */
    void requireRoom(long positions) {
        if (positions > model.context()) {
            throw new TfxException(Diagnostic.error(
                    "TFX0505",
                    "length",
                    "the sequence would have " + positions + " positions, the model takes at most " + model.context(),
                    "give fewer positions"));
        }
    }

    @Override
    protected boolean callable() {
        return true;
    }

    @Override
    protected Object call(Object[] arguments) {
        return run(
                Inputs.of(model.program().inputs(), arguments),
                List.of(),
                model.program().outputs().keySet());
    }

    private Object probe(Object[] arguments) {
        List<String> paths = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            paths.add(Arguments.text(arguments[i], "probe: a path"));
        }
        Inputs inputs = Inputs.of(model.program().inputs(), new Object[] {arguments[0]});
        return run(inputs, paths, paths);
    }

    /** Runs whole sequences. What is observed but an output already needs no engine of its own. */
    private Object run(Inputs inputs, List<String> observed, Iterable<String> wanted) {
        List<String> further = observed.stream()
                .filter(path -> !model.program().outputs().containsKey(path))
                .distinct()
                .sorted()
                .toList();
        requireRoom(inputs.positions());
        try (Session session = engine(further).open(inputs.batch())) {
            Map<String, Reference.Result> all = inputs.advance(session, Session.Rows.ALL);
            Map<String, Reference.Result> results = new LinkedHashMap<>();
            wanted.forEach(name -> results.put(name, all.get(name)));
            return inputs.results(language(), results);
        }
    }

    private Object session(Object[] arguments) {
        int batch = arguments.length == 0 ? 1 : Arguments.integer(arguments[0], "session: the batch");
        if (batch < 1) {
            throw Arguments.fault("session: the batch", "it is " + batch, "give at least 1");
        }
        SessionObject session = new SessionObject(this, engine(List.of()).open(batch));
        sessions.add(session);
        return session;
    }

    void forget(SessionObject session) {
        sessions.remove(session);
    }

    void close() {
        if (!closed) {
            closed = true;
            List.copyOf(sessions).forEach(SessionObject::close);
            running.values().forEach(LoadedModel.Running::close);
            if (tokenizer != null) {
                tokenizer.close();
            }
            model.close();
            context.forget(this);
        }
    }

    @Override
    protected String display() {
        return "model " + model.elaborated().model().name() + (closed ? ", closed" : ", loaded");
    }

    @Override
    protected List<String> members() {
        return List.copyOf(members.keySet());
    }

    @Override
    protected @Nullable Object member(String member) {
        Supplier<Object> value = members.get(member);
        return value == null ? null : value.get();
    }
}
