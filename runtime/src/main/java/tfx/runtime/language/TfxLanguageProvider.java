package tfx.runtime.language;

import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.instrumentation.ProvidedTags;
import com.oracle.truffle.api.provider.TruffleLanguageProvider;
import java.util.Collection;
import java.util.List;
import tfx.runtime.plan.KernelTag;

/** Registers the language; found through {@code META-INF/services}. Written by hand: there is no annotation processor. Its annotations
 * are read here, the tags on the language too. */
@TruffleLanguage.Registration(
        id = TfxLanguage.ID,
        name = "tfx",
        implementationName = "tfx",
        version = "0.1.0",
        characterMimeTypes = TfxLanguage.MIME_TYPE,
        defaultMimeType = TfxLanguage.MIME_TYPE,
        fileTypeDetectors = TfxFiles.class)
@ProvidedTags(KernelTag.class)
public final class TfxLanguageProvider extends TruffleLanguageProvider {
    @Override
    protected String getLanguageClassName() {
        return TfxLanguage.class.getName();
    }

    @Override
    protected Object create() {
        return new TfxLanguage();
    }

    @Override
    protected Collection<String> getServicesClassNames() {
        return List.of();
    }

    @Override
    protected List<?> createFileTypeDetectors() {
        return List.of(new TfxFiles());
    }
}
