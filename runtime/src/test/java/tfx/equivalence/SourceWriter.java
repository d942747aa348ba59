package tfx.equivalence;

import java.util.List;
import tfx.equivalence.Draw.Stage;
import tfx.equivalence.SourceText.Made;

/** Writes the tfx program of a {@link Draw}. */
final class SourceWriter {
    private final Draw draw;
    private final SourceText text;
    private final ChannelStages channels;
    private final SequenceStages sequence;

    SourceWriter(Draw draw) {
        this.draw = draw;
        this.text = new SourceText(draw);
        this.channels = new ChannelStages(text);
        this.sequence = new SequenceStages(text);
    }

    String text() {
        text.line("import \"stdlib/attention.tfx\"");
        text.line("import \"stdlib/norms.tfx\"");
        text.line("import \"stdlib/mlp.tfx\"");
        text.line("");
        text.open("model Generated(d = %d, e = %d, g = %d, f = %d, v = %d, h = g * %d) {"
                .formatted(
                        text.extent("d"),
                        text.extent("e"),
                        text.extent("g"),
                        text.extent("f"),
                        text.size(4),
                        1 + draw.group()));
        text.line("input x[t, d] : real");
        text.line("input tokens[t] : id(v)");
        text.line("s = size(t)");
        text.line("group = h / g");
        text.made.add(new Made("x", List.of("t", "d")));
        draw.before().forEach(this::stage);
        if (draw.layers() > 0 && !draw.inner().isEmpty()) {
            layers();
        }
        draw.after().forEach(this::stage);
        Made last = text.made.getLast();
        text.line("output y = " + last.name());
        if (text.made.size() > 3) {
            text.line("output z = " + text.made.get(text.made.size() - 2).name());
        }
        text.close();
        return text.toString();
    }

    /** A stream through layers, each of which adds to it, or sees what it was in the layers before. */
    private void layers() {
        Made before = text.made.getLast();
        Made stream = new Made("stream", before.dims());
        text.line("stream" + SourceText.brackets(before.dims()) + " = " + before.name());
        int outer = text.made.size();
        text.made.add(stream);
        text.open("layers l in 0 .. " + draw.layers() + " {");
        draw.inner().forEach(this::stage);
        Made last = text.made.getLast();
        String added = last.dims().equals(stream.dims()) ? last.name() : toRow(last);
        String name = stream.name();
        String dims = SourceText.brackets(stream.dims());
        text.line("added" + dims + " = tanh(" + added + ") / (l + 1)");
        switch (draw.inner().getFirst().c() % 4) {
            case 0 -> text.line(name + dims + " = stream + added");
            case 1 -> {
                text.line("earlier" + dims + " = if l > 0 then added @ (l - 1) else stream");
                text.line(name + dims + " = stream + added - 0.5 * earlier");
            }
            case 2 -> {
                // What all layers so far have added, mixed by learned weights.
                text.line("j = l + 1");
                text.line("param route[j]");
                text.line(name + dims + " = stream + sum[j](route[j] * (added @ j))");
            }
            default -> text.line(name + dims + " = if l mod 2 == 0 then added else stream - added");
        }
        text.close();
        while (text.made.size() > outer) {
            text.made.removeLast();
        }
        text.made.add(stream);
    }

    /** One number per position (or one at all), whatever the dimensions. */
    private static String toRow(Made value) {
        List<String> channels = value.channels();
        return channels.isEmpty() ? value.name() : "mean" + SourceText.brackets(channels) + "(" + value.name() + ")";
    }

    private void stage(Stage stage) {
        Made on = text.made.get(text.made.size() - 1 - stage.on() % text.made.size());
        if (!on.sequence()) {
            on = text.made.getFirst();
        }
        switch (stage.kind()) {
            case 0 -> channels.elementwise(on, stage);
            case 1 -> channels.linear(on, stage);
            case 2 -> channels.normalise(on, stage);
            case 3 -> sequence.shift(on, stage);
            case 4 -> sequence.attend(on, stage);
            case 5 -> sequence.accumulate(on, stage);
            case 6 -> sequence.gather(on, stage);
            case 7 -> channels.rearrange(on, stage);
            case 8 -> channels.choose(on, stage);
            case 9 -> channels.join(on, stage);
            case 10 -> channels.absent(on, stage);
            case 11 -> channels.library(on, stage);
            default -> channels.reduce(on, stage);
        }
    }

    /** How many kinds of stages there are. */
    static final int KINDS = 13;
}
