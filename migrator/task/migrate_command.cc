#include "migrator/task/migrate_command.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <memory>

#include "migrator/flow/sync_points.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/plan/document_reader.h"
#include "migrator/plan/task_file.h"
#include "migrator/precheck/precheck.h"
#include "migrator/task/interrupts.h"
#include "migrator/task/task.h"
#include "migrator/task/view.h"

namespace cutover::task {

using model::Error;
using model::ErrorClass;

namespace {

/// How long a start waits for a destination that does not answer. Once the task is claimed, the
/// retry windows of the task file rule.
constexpr flow::Duration kFirstLook = std::chrono::seconds(60);

struct KillAt {
    std::string_view point;
    std::uint64_t pass = 1;
};

std::optional<KillAt> parse_kill_at(const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::string name = text.substr(0, colon);
    const auto point = std::find(std::begin(flow::sync::kAll), std::end(flow::sync::kAll), name);
    KillAt kill;
    if (point == std::end(flow::sync::kAll)) {
        return std::nullopt;
    }
    kill.point = *point;
    if (colon != std::string::npos) {
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data() + colon + 1, end, kill.pass);
        if (parsed.ec != std::errc() || parsed.ptr != end || kill.pass == 0) {
            return std::nullopt;
        }
    }
    return kill;
}

/// Ends the process, as a power cut would, at the N-th pass of a sync point.
flow::ThreadRuntime::Hook kill_hook(const std::string& text) {
    if (text.empty()) {
        return {};
    }
    const KillAt kill = parse_kill_at(text).value();
    const auto passes = std::make_shared<std::atomic<std::uint64_t>>(0);
    return [kill, passes](std::string_view point) {
        if (point == kill.point && passes->fetch_add(1) + 1 == kill.pass) {
            // Whoever ordered this death must be able to tell it from another one.
            const std::string line =
                fmt::format("{{\"event\":\"sync_point\",\"point\":\"{}\",\"pass\":{}}}\n",
                            kill.point, kill.pass);
            [[maybe_unused]] const auto said = ::write(STDERR_FILENO, line.data(), line.size());
            ::kill(::getpid(), SIGKILL);
        }
    };
}

Error blocked(const precheck::Facts& facts, const precheck::Report& report) {
    std::string codes;
    for (const precheck::Answer& answer : report.answers) {
        for (const model::FindingKind& kind : model::kinds_of(answer.findings)) {
            if (kind.first().severity == model::Severity::block) {
                codes += fmt::format("{}{} ({})", codes.empty() ? "" : ", ", kind.first().code,
                                     kind.objects());
            }
        }
    }
    const auto away = [](const precheck::EndFacts& end) {
        return end.failure && end.failure->error_class() == ErrorClass::connection;
    };
    const bool connection = away(facts.source) || away(facts.destination);
    Error error(
        connection ? ErrorClass::connection : ErrorClass::refused, "precheck.blocked",
        "the precheck does not let the task start: " + codes,
        "each finding above says what to do; `cutover precheck` asks again without starting");
    if (facts.source.failure.has_value() != facts.destination.failure.has_value()) {
        error.at(facts.source.failure ? model::Side::source : model::Side::destination);
    }
    return error;
}

class Migration {
public:
    Migration(const MigrateOptions& options, const engine::Registry& registry, std::ostream& out)
        : registry_(registry),
          spec_(plan::read_task_file(options.file, registry.endpoint_rules())),
          runtime_(kill_hook(options.kill_at)),
          view_(options.json ? make_event_writer(out)
                             : make_terminal_view(out, ::isatty(STDOUT_FILENO) != 0)) {}

    int run() {
        try {
            if (!known_at_destination()) {
                precheck();
            }
        } catch (const Error& error) {
            const int code = model::exit_code(error.error_class());
            view_->on(stage::Failed{error, ""});
            view_->on(stage::Ended{"failed", code, "", 0, 0});
            throw;
        }
        Task task(runtime_, registry_, spec_, *view_);
        const Interrupts interrupts(task.stop_signal());
        return exit_code(task.run());
    }

private:
    /// True if the task has been started before: then its own tables are no surprise, and a source
    /// that is away is waited for.
    bool known_at_destination() {
        flow::StopSignal stop(runtime_);
        flow::Waits waits(runtime_, stop);
        const Interrupts interrupts(stop);
        const flow::Duration patience =
            std::min<flow::Duration>(kFirstLook, spec_.retry.connection);
        const flow::TimePoint deadline = runtime_.now() + patience;
        for (std::uint32_t attempt = 1;; ++attempt) {
            try {
                return look(waits);
            } catch (const Error& error) {
                if (error.error_class() == ErrorClass::refused) {
                    return false;  // the precheck names it, together with everything else
                }
                if (error.error_class() != ErrorClass::connection || runtime_.now() >= deadline) {
                    throw;
                }
                view_->on(stage::Retrying{error, attempt, deadline - runtime_.now()});
                if (stop.wait_for(std::chrono::seconds(1))) {
                    stop.throw_if_requested();
                }
            }
        }
    }

    bool look(flow::Waits& waits) {
        const auto sink = registry_.engine(spec_.destination.engine).sink(runtime_, spec_, &waits);
        return sink->open_control()->load(spec_.name).has_value();
    }

    void precheck() {
        const precheck::Facts facts = precheck::gather(registry_, spec_);
        const precheck::Report report = precheck::ask(facts);
        for (const precheck::Answer& answer : report.answers) {
            view_->findings(answer.findings, false);
        }
        view_->findings(report.ignored, true);
        if (report.blocks()) {
            throw blocked(facts, report);
        }
    }

    const engine::Registry& registry_;
    const plan::TaskSpec spec_;
    flow::ThreadRuntime runtime_;
    std::unique_ptr<View> view_;
};

}  // namespace

std::string check_kill_at(const std::string& text) {
    if (parse_kill_at(text)) {
        return "";
    }
    const std::vector<std::string_view> points(std::begin(flow::sync::kAll),
                                               std::end(flow::sync::kAll));
    return fmt::format("'{}' is no sync point; points are: {}; add :N for the N-th pass", text,
                       fmt::join(points, ", "));
}

int run_migrate(const MigrateOptions& options, const engine::Registry& registry,
                std::ostream& out) {
    return Migration(options, registry, out).run();
}

}  // namespace cutover::task
