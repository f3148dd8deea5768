#include "scenarios/run/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "migrator/model/error.h"

namespace cutover::scenarios {
namespace {

using testing::HasSubstr;

/// A scene without servers: the migrator is a flag.
class FakeScene : public Scene {
public:
    explicit FakeScene(Evidence& evidence) : evidence_(evidence) {
        evidence_.processes.emplace_back();
    }

    Ground& ground() override { std::abort(); }
    const std::string& task() const override { return task_; }
    Evidence& evidence() override { return evidence_; }
    void start_migrator() override {
        runs = true;
        evidence_.processes.emplace_back();
        armed.push_back(timeline != nullptr ? timeline->kill_at().value_or("") : "");
    }
    void signal_migrator(int number) override {
        if (number == SIGKILL && dies) {
            die(true);
        }
        if (number == SIGSTOP && stops) {
            state = 'T';
        }
    }
    void freeze_migrator() override { std::abort(); }
    CommandOutcome thaw_migrator(std::chrono::seconds) override { std::abort(); }
    bool migrator_running() override { return runs; }
    char migrator_state() override { return state; }
    CommandOutcome run_cutover(const std::string&, const std::vector<std::string>&,
                               std::chrono::seconds) override {
        return {command_exit, command_output};
    }
    void start_writers() override { writing = true; }
    void stop_writers() override { writing = false; }

    void die(bool of_sigkill) {
        runs = false;
        evidence_.processes.back().killed_by_us = of_sigkill;
    }

    bool runs = true;
    bool dies = true;
    bool stops = true;
    char state = 'S';
    bool writing = true;
    int command_exit = 0;
    std::string command_output;
    Timeline* timeline = nullptr;
    std::vector<std::string> armed;  ///< sync points given to each start

private:
    Evidence& evidence_;
    std::string task_ = "t";
};

Step step(Trigger::Kind kind, double amount, const std::string& action,
          std::map<std::string, std::string> with = {}, bool relative = false) {
    Step made;
    made.at.kind = kind;
    made.at.amount = {amount, amount};
    made.at.relative = relative;
    made.action = action;
    made.with = std::move(with);
    return made;
}

Step death_at(const std::string& point) {
    Step made = step(Trigger::Kind::sync_point, 1, "kill_migrator");
    made.at.name = point;
    return made;
}

struct Played {
    explicit Played(std::vector<Step> steps) {
        scenario.timeline = std::move(steps);
        timeline.emplace(scenario, evidence, drawn);
        scene.timeline = &*timeline;
    }

    void poll() { timeline->poll(scene, observed); }

    Scenario scenario;
    Evidence evidence;
    std::map<std::uint32_t, std::map<std::string, std::string>> drawn;
    std::optional<Timeline> timeline;
    FakeScene scene{evidence};
    Observed observed;
};

TEST(Timeline, FiresEachStepAtItsPlaceAndInOrder) {
    Played run({step(Trigger::Kind::progress, 0.4, "kill_migrator"),
                step(Trigger::Kind::transactions, 100, "stop_writers", {}, true)});
    run.observed.phase = "full";
    run.observed.fraction = 0.39;
    run.observed.transactions = 500;
    run.poll();
    EXPECT_FALSE(run.evidence.schedule[0].fired);
    run.observed.fraction = 0.41;
    run.poll();
    EXPECT_TRUE(run.evidence.schedule[0].fired);
    EXPECT_DOUBLE_EQ(run.evidence.schedule[0].fraction, 0.41);
    EXPECT_EQ(run.scene.armed.size(), 1u) << "a killed migrator is started again";
    EXPECT_TRUE(run.scene.writing) << "the second step counts from the first on";
    run.observed.transactions = 600;
    run.poll();
    EXPECT_FALSE(run.scene.writing);
    EXPECT_TRUE(run.timeline->done());
    ASSERT_EQ(run.evidence.faults.size(), 2u);
    EXPECT_TRUE(run.evidence.faults[0].landed);
    EXPECT_TRUE(run.evidence.faults[0].healed);
    EXPECT_FALSE(run.evidence.faults[1].healed);
}

TEST(Timeline, WaitsUntilAFaultHasLanded) {
    Played run({step(Trigger::Kind::start, 0, "kill_migrator")});
    run.scene.dies = false;
    run.poll();
    EXPECT_TRUE(run.timeline->busy());
    EXPECT_FALSE(run.evidence.faults[0].landed);
    run.scene.die(true);
    run.poll();
    EXPECT_TRUE(run.evidence.faults[0].landed);
    EXPECT_TRUE(run.timeline->done());
}

TEST(Timeline, DoesNotTakeACrashForAKill) {
    Played run({step(Trigger::Kind::start, 0, "kill_migrator")});
    run.scene.dies = false;
    run.poll();
    run.scene.die(false);
    run.poll();
    EXPECT_TRUE(run.timeline->busy());
    EXPECT_FALSE(run.evidence.faults[0].landed);
}

TEST(Timeline, DoesNotKillAMigratorThatIsDeadAlready) {
    Played run({step(Trigger::Kind::start, 0, "kill_migrator", {{"restart", "false"}}),
                step(Trigger::Kind::previous, 0, "kill_migrator")});
    run.poll();
    EXPECT_TRUE(run.evidence.faults.at(0).landed);
    EXPECT_FALSE(run.evidence.faults.at(1).landed);
}

TEST(Timeline, TellsAStepWhosePlaceWentByUnseen) {
    Played run({step(Trigger::Kind::progress, 0.4, "kill_migrator")});
    run.observed.phase = "incremental";
    run.observed.fraction = 0.2;
    run.poll();
    EXPECT_TRUE(run.timeline->done());
    ASSERT_EQ(run.timeline->problems().size(), 1u);
    EXPECT_THAT(run.timeline->problems()[0], HasSubstr("did not happen"));
    EXPECT_FALSE(run.evidence.schedule[0].fired);
}

TEST(Timeline, ArmsTheNextSyncPointWhenTheMigratorStartsAgain) {
    Played run({death_at("chunk.read"), death_at("batch.applied")});
    EXPECT_EQ(run.timeline->kill_at(), "chunk.read:1");
    run.poll();
    EXPECT_FALSE(run.evidence.schedule[0].fired) << "only the process's death tells";
    run.scene.die(true);
    EXPECT_FALSE(run.timeline->died_at_sync_point("", run.observed)) << "it did not say so";
    EXPECT_FALSE(run.timeline->died_at_sync_point("chunk.read:2", run.observed));
    EXPECT_TRUE(run.timeline->died_at_sync_point("chunk.read:1", run.observed));
    run.poll();
    EXPECT_TRUE(run.evidence.faults.at(0).landed);
    EXPECT_EQ(run.scene.armed, std::vector<std::string>{"batch.applied:1"});
    EXPECT_FALSE(run.timeline->done());
}

TEST(Timeline, DoesNotTakeAnotherDeathForASyncPoint) {
    Played run({step(Trigger::Kind::transactions, 100, "kill_migrator")});
    EXPECT_FALSE(run.timeline->died_at_sync_point("chunk.read:1", run.observed));
}

TEST(Timeline, LeavesStepsOfTheClosingForTheClosing) {
    Played run({step(Trigger::Kind::start, 0, "stop_writers"),
                step(Trigger::Kind::milestone, 0, "start_writers")});
    run.scenario.timeline[1].at.name = "cut_over";
    EXPECT_FALSE(run.timeline->waits_for_closing());
    run.poll();
    EXPECT_TRUE(run.timeline->waits_for_closing());
    EXPECT_FALSE(run.timeline->done());
    run.observed.milestones.insert("cut_over");
    run.poll();
    EXPECT_TRUE(run.timeline->done());
}

TEST(Timeline, NamesWhatNeverHappened) {
    Played run({step(Trigger::Kind::transactions, 100, "stop_writers")});
    run.timeline->give_up("the run was over before");
    EXPECT_EQ(run.evidence.schedule[0].not_fired_because, "the run was over before");
    EXPECT_EQ(run.timeline->problems().size(), 1u);
}

TEST(Timeline, GivesAnOperatorsCommandTheTimeThatItIsToBeWatched) {
    Played run({step(Trigger::Kind::start, 0, "operator_command",
                     {{"verb", "pause"}, {"for_ms", "600000"}}),
                step(Trigger::Kind::previous, 0, "operator_command", {{"verb", "resume"}})});
    run.poll();
    EXPECT_TRUE(run.evidence.faults.at(0).landed);
    EXPECT_TRUE(run.timeline->busy());
    EXPECT_EQ(run.evidence.faults.size(), 1u);
    run.timeline->heal_now(run.scene, run.observed);
    EXPECT_TRUE(run.evidence.faults.at(0).healed);
    run.poll();
    EXPECT_EQ(run.evidence.faults.at(1).step, 2u);
}

TEST(Timeline, KeepsHowASecondMigratorWasRefused) {
    Played run({step(Trigger::Kind::start, 0, "second_migrator")});
    run.scene.command_exit = 13;
    run.scene.command_output = R"({"event":"finding","code":"source.version","found":"17"}
{"event":"error","class":"refused","code":"task.running","message":"by another process"}
{"event":"ended","outcome":"failed","exit_code":13})";
    run.poll();
    EXPECT_EQ(run.evidence.second.exit_code, 13);
    EXPECT_EQ(run.evidence.second.error_code, "task.running") << "a finding has a code, too";
    Played alone({step(Trigger::Kind::start, 0, "second_migrator")});
    alone.scene.die(true);
    alone.poll();
    EXPECT_FALSE(alone.evidence.faults.at(0).landed) << "there is no first one";
    EXPECT_FALSE(alone.evidence.second.attempted);
}

TEST(Timeline, DoesNotComeTooLateWhileTheTaskStillRuns) {
    Played run({step(Trigger::Kind::start, 0, "zombie_migrator")});
    run.poll();
    EXPECT_FALSE(run.evidence.faults.at(0).landed);
    EXPECT_FALSE(run.evidence.zombie.attempted);
}

TEST(Timeline, DoesNotStartAMigratorBesideARunningOne) {
    Played run({step(Trigger::Kind::start, 0, "start_migrator")});
    EXPECT_THROW(run.poll(), model::Error);
    EXPECT_TRUE(run.scene.armed.empty());
    Played dead({step(Trigger::Kind::start, 0, "start_migrator")});
    dead.scene.die(true);
    dead.poll();
    EXPECT_TRUE(dead.evidence.faults.at(0).landed);
}

TEST(Timeline, DoesNotTakeAMigratorThatGoesOnForAPausedOne) {
    Played run({step(Trigger::Kind::start, 0, "pause_migrator")});
    run.scene.stops = false;
    run.poll();
    EXPECT_FALSE(run.evidence.faults[0].landed);
    run.scene.state = 'T';
    run.poll();
    EXPECT_TRUE(run.evidence.faults[0].landed);
}

TEST(Timeline, DoesNotBlameAFaultThatIsStillInForceAtTheEnd) {
    Played run({step(Trigger::Kind::start, 0, "pause_migrator", {{"for_ms", "600000"}})});
    run.poll();
    EXPECT_TRUE(run.timeline->busy());
    run.timeline->give_up("the run was over before");
    EXPECT_TRUE(run.timeline->problems().empty());
    EXPECT_TRUE(run.evidence.schedule[0].fired);
}

TEST(Timeline, HealsBeforeTimeWhenAsked) {
    Played run({step(Trigger::Kind::start, 0, "pause_migrator", {{"for_ms", "600000"}})});
    run.poll();
    run.timeline->heal_now(run.scene, run.observed);
    EXPECT_TRUE(run.evidence.faults[0].healed);
    EXPECT_TRUE(run.timeline->done());
}

TEST(Fault, TellsAnUnknownActionOrParameterWithTheNearOne) {
    EXPECT_THAT(fault_mistake(step(Trigger::Kind::start, 0, "kill_migrater")),
                HasSubstr("did you mean `kill_migrator`?"));
    EXPECT_THAT(fault_mistake(step(Trigger::Kind::start, 0, "cut_link",
                                   {{"lnik", "source"}, {"link", "source"}})),
                HasSubstr("did you mean `link`?"));
    EXPECT_THAT(fault_mistake(step(Trigger::Kind::start, 0, "cut_link")),
                HasSubstr("needs `link`"));
    EXPECT_EQ(fault_mistake(step(Trigger::Kind::start, 0, "cut_link", {{"link", "source"}})), "");
    EXPECT_THAT(fault_mistake(step(Trigger::Kind::start, 0, "restart_server",
                                   {{"server", "destination"}, {"for_ms", "1000"}})),
                HasSubstr("for_ms"))
        << "a restart is over when the server answers: there is nothing to hold";
}

}  // namespace
}  // namespace cutover::scenarios
