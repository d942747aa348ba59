package tfx.runtime.language;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Module;
import tfx.grammar.Tree;
import tfx.runtime.interop.GuestObject;

/** Models by name: those of one source, or, as the context's scope, of all that were evaluated in it. */
final class ModelScope extends GuestObject {
    private final String name;
    private final boolean top;
    private final Map<String, ModelObject> models = new LinkedHashMap<>();

    ModelScope(TfxLanguage language, String name, boolean top) {
        super(language);
        this.name = name;
        this.top = top;
    }

    /** Adds the models and variants that the file itself declares. */
    void declare(TfxContext context, Module module) {
        for (Tree.Declaration declaration : module.file().declarations()) {
            if (!(declaration instanceof Tree.Block)) {
                Tree.Name declared = declaration.name();
                ModelRef model = ModelRef.of(module, declared.text(), declared.span());
                models.put(declared.text(), new ModelObject(language(), context, model));
            }
        }
    }

    @Override
    protected String display() {
        return name;
    }

    @Override
    protected boolean scope() {
        return top;
    }

    @Override
    protected List<String> members() {
        return new ArrayList<>(models.keySet());
    }

    @Override
    protected @Nullable Object member(String member) {
        return models.get(member);
    }
}
