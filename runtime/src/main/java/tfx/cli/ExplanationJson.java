package tfx.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import tfx.compiler.schedule.Costs.Cost;
import tfx.runtime.model.Explanation;
import tfx.runtime.model.Explanation.Tensor;
import tfx.runtime.model.Explanation.Work;
import tfx.runtime.model.Repeats.Group;

/** An explanation as a document: names whole, amounts as plain numbers of FLOPs and bytes. */
final class ExplanationJson {
    private ExplanationJson() {}

    static Map<String, Object> of(Explanation of) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("model", of.model());
        document.put("arguments", of.arguments());
        document.put("inputs", all(of.inputs(), ExplanationJson::tensor));
        document.put("outputs", all(of.outputs(), ExplanationJson::tensor));
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("count", of.count());
        parameters.put("bytes", of.parameterBytes());
        parameters.put("type", of.stored().toString().toLowerCase(Locale.ROOT));
        parameters.put("blocks", of.blocks());
        parameters.put("tied", of.tied());
        parameters.put("tensors", all(of.parameters(), ExplanationJson::tensors));
        document.put("parameters", parameters);
        document.put("values", all(of.values(), ExplanationJson::tensors));
        document.put("length", of.length());
        document.put("prefill", cost(of.prefill()));
        document.put("decode", cost(of.decode()));
        document.put("cache_bytes_per_token", of.cachePerToken());
        document.put("cache_bytes", of.cache());
        document.put("whole_again", of.repeated());
        document.put("load_time_kernels", all(of.loading(), ExplanationJson::kernel));
        document.put("kernels", all(of.kernels(), ExplanationJson::kernel));
        return document;
    }

    private static <T> List<Map<String, Object>> all(List<T> all, Function<T, Map<String, Object>> fields) {
        return all.stream().map(fields).toList();
    }

    private static Map<String, Object> tensor(Tensor tensor) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", tensor.name());
        fields.put("shape", tensor.shape());
        return fields;
    }

    private static Map<String, Object> tensors(Group<Tensor> group) {
        Map<String, Object> fields = group(group, group.first().shape());
        if (group.first().elements() > 0) {
            fields.put("elements", group.first().elements());
        }
        return fields;
    }

    private static Map<String, Object> kernel(Group<Work> group) {
        Work work = group.first();
        Map<String, Object> fields = group(group, work.shape());
        fields.put("fused", work.fused());
        fields.put("storage", work.storage().toString().toLowerCase(Locale.ROOT));
        fields.put("prefill", cost(work.prefill()));
        fields.put("decode", cost(work.decode()));
        fields.put("definition", work.definition());
        return fields;
    }

    private static <T> Map<String, Object> group(Group<T> group, String shape) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", group.name());
        fields.put("shape", shape);
        fields.put("count", group.count());
        fields.put("layers", group.layers());
        return fields;
    }

    private static Map<String, Object> cost(Cost cost) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("flops", cost.flops());
        fields.put("bytes_read", cost.bytesRead());
        fields.put("parameter_bytes", cost.parameterBytes());
        fields.put("bytes_written", cost.bytesWritten());
        return fields;
    }
}
