#include "scenarios/report/prediction.h"

#include <gtest/gtest.h>

namespace cutover::scenarios::report {
namespace {

using std::chrono::milliseconds;

Instant at(double seconds) {
    return Instant{} + std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6));
}

/// A copy with one sample per second and these rates.
Evidence copy_with(const std::vector<double>& rates) {
    Evidence evidence;
    std::uint64_t rows = 0;
    double time = 0;
    evidence.samples.push_back({at(0), 1, "full", 0, 0, 0, 0, 0, 0, 0, 0, std::nullopt});
    for (const double rate : rates) {
        rows += static_cast<std::uint64_t>(rate);
        evidence.samples.push_back(
            {at(++time), 1, "full", rows, 0, 0, 0, 0, 0, 0, rate, std::nullopt});
    }
    return evidence;
}

TEST(Prediction, GivesABandFromUndisturbedWindows) {
    const Prediction prediction =
        predict(copy_with({900, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1100}));
    ASSERT_TRUE(prediction.rows_per_second.has_value());
    EXPECT_EQ(prediction.windows, 10U);
    EXPECT_NEAR(prediction.rows_per_second->middle, 1000, 1);
    EXPECT_LT(prediction.rows_per_second->low, 1000);
    EXPECT_GT(prediction.rows_per_second->high, 1000);
    const Band time = prediction.seconds_for(1e6);
    EXPECT_NEAR(time.middle, 1000, 1);
    EXPECT_LT(time.low, time.middle);
    EXPECT_GT(time.high, time.middle);
}

TEST(Prediction, LeavesFaultsOut) {
    Evidence evidence = copy_with({1000, 1000, 1000, 0, 0, 0, 1000, 1000, 1000});
    FaultRecord fault;
    fault.injected = at(3.1);
    fault.effect_ended = at(5.9);
    evidence.faults.push_back(fault);
    const Prediction prediction = predict(evidence);
    ASSERT_TRUE(prediction.rows_per_second.has_value());
    EXPECT_NEAR(prediction.rows_per_second->low, 1000, 1);
    EXPECT_NEAR(prediction.rows_per_second->middle, 1000, 1);
}

TEST(Prediction, SaysThatAFewSecondsAreTooFew) {
    const Prediction prediction = predict(copy_with({1000, 1000, 1000}));
    EXPECT_FALSE(prediction.rows_per_second.has_value());
    EXPECT_EQ(prediction.full_method,
              "No prediction: 3 undisturbed windows of a second, and at least 4 are needed.");
}

TEST(Prediction, DoesNotCountRowsOfAProcessAsTheNextOnes) {
    Evidence evidence = copy_with({1000, 1000, 1000, 1000, 1000, 1000});
    for (std::size_t sample = 4; sample < evidence.samples.size(); ++sample) {
        evidence.samples[sample].process = 2;
        evidence.samples[sample].rows += 1'000'000;
    }
    EXPECT_NEAR(predict(evidence).rows_per_second->high, 1000, 1);
}

TEST(Prediction, WidensTheCutoverByTheWorstLag) {
    Evidence evidence;
    evidence.rates.cutover_took = milliseconds(2'000);
    evidence.rates.drain_took = milliseconds(700);
    evidence.rates.lag_p50 = milliseconds(200);
    evidence.rates.lag_p99 = milliseconds(5'000);
    const Band band = *predict(evidence).cutover_window_seconds;
    EXPECT_NEAR(band.low, 1.5, 0.001);
    EXPECT_NEAR(band.middle, 2.0, 0.001);
    EXPECT_NEAR(band.high, 6.3, 0.001);
}

TEST(Prediction, HasNoCutoverWhereThereWasNone) {
    EXPECT_FALSE(predict(Evidence()).cutover_window_seconds.has_value());
}

}  // namespace
}  // namespace cutover::scenarios::report
