package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import tfx.backend.tornado.GraphBuilder.Job;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.ir.Value;

/**
 * Kernels of elements of many rows that follow one another and read nothing of each other, in one launch: the turning of
 * queries and keys and the copying of values into a cache cost more as launches than for what they move. Each has its own record, so
 * that a step may leave any of them out, or have other rows for it.
 *
 * @param kernels all kernels, by number
 */
record Beside(List<Numbered> kernels, Platform platform) {
    /** Kernels of one launch at most. */
    private static final int MOST = 4;

    /** The jobs of one launch: a group runs its part of each, one after another. */
    record Jobs(List<Job> all) {
        static Jobs of(Job job) {
            return new Jobs(List.of(job));
        }

        List<KernelClasses.Wanted> wanted() {
            return all.stream().map(Job::wanted).toList();
        }
    }

    /** Jobs and products of matrices with the jobs brought together. */
    List<Object> launches(List<Object> jobs) {
        List<Object> launches = new ArrayList<>();
        for (Object next : jobs) {
            if (!(next instanceof Job job)) {
                launches.add(next);
            } else if (!launches.isEmpty() && launches.getLast() instanceof Jobs before && joins(before.all(), job)) {
                List<Job> all = new ArrayList<>(before.all());
                all.add(job);
                launches.set(launches.size() - 1, new Jobs(List.copyOf(all)));
            } else {
                launches.add(Jobs.of(job));
            }
        }
        return launches;
    }

    /**
     * Whether a job can run at the same time as those before it. Its output must be kept: where others lie, something may have been
     * that a job before it still reads.
     */
    private boolean joins(List<Job> before, Job job) {
        List<Value> operands = job.wanted().template().request().kernel().operands();
        return before.size() < MOST
                && kernels.get(job.number()).whole().request().kept()
                && rows(job)
                && before.stream()
                        .allMatch(other -> rows(other)
                                && !operands.contains(
                                        kernels.get(other.number()).output()));
    }

    private boolean rows(Job job) {
        boolean elements = job.role().kind() == Role.Kind.WHOLE || job.role().kind() == Role.Kind.REST;
        return elements && job.wanted().many() && job.wanted().template().rows(platform);
    }
}
