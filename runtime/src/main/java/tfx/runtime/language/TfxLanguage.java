package tfx.runtime.language;

import com.oracle.truffle.api.CallTarget;
import com.oracle.truffle.api.CompilerDirectives.TruffleBoundary;
import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.instrumentation.ProvidedTags;
import com.oracle.truffle.api.nodes.RootNode;
import com.oracle.truffle.api.source.Source;
import com.oracle.truffle.api.source.SourceSection;
import org.graalvm.options.OptionDescriptors;
import tfx.compiler.names.Module;
import tfx.compiler.names.Modules;
import tfx.runtime.interop.GuestFault;
import tfx.runtime.interop.SourceTexts;
import tfx.runtime.model.SourceCheck;
import tfx.runtime.plan.KernelTag;
import tfx.source.TfxException;

/** The language {@code tfx}: a source evaluates to an object with the models that it declares as members. */
@ProvidedTags(KernelTag.class)
public final class TfxLanguage extends TruffleLanguage<TfxContext> {
    static final String ID = SourceTexts.LANGUAGE;
    static final String MIME_TYPE = "text/x-tfx";

    private static final ContextReference<TfxContext> CONTEXT = ContextReference.create(TfxLanguage.class);

    @Override
    protected TfxContext createContext(Env env) {
        return new TfxContext(this, env);
    }

    @Override
    protected OptionDescriptors getOptionDescriptors() {
        return TfxOptions.descriptors();
    }

    /** Syntax, names and shapes of the source and what it imports: its faults are found here, before anything runs. */
    @Override
    protected CallTarget parse(ParsingRequest request) {
        Source source = request.getSource();
        TfxContext context = CONTEXT.get(null);
        try {
            String name = source.getPath() == null ? source.getName() : source.getPath();
            Module module = new Modules(context.files()).load(SourceTexts.of(source, name.replace('\\', '/')));
            SourceCheck.check(module);
            return new Evaluation(this, source, module).getCallTarget();
        } catch (TfxException fault) {
            throw GuestFault.ofSource(fault);
        }
    }

    @Override
    protected Object getScope(TfxContext context) {
        return context.scope();
    }

    @Override
    protected void disposeContext(TfxContext context) {
        context.close();
    }

    /** The evaluation of a source: its models enter the context's scope. */
    private static final class Evaluation extends RootNode {
        private final TfxLanguage language;
        private final Source source;
        private final Module module;

        Evaluation(TfxLanguage language, Source source, Module module) {
            super(language);
            this.language = language;
            this.source = source;
            this.module = module;
        }

        @Override
        public Object execute(VirtualFrame frame) {
            return evaluate();
        }

        @TruffleBoundary
        private Object evaluate() {
            TfxContext context = CONTEXT.get(this);
            ModelScope models = new ModelScope(language, source.getName(), false);
            models.declare(context, module);
            context.scope().declare(context, module);
            return models;
        }

        @Override
        public SourceSection getSourceSection() {
            return source.createSection(0, source.getLength());
        }

        @Override
        public String getName() {
            return source.getName();
        }
    }
}
