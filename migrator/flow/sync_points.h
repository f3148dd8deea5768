// The named places at which a simulation may kill the task and a rehearsal may stop the program:
// each edge of *written -> durable -> checkpointed -> acknowledged*, and the hand-overs between
// phases. A name is used with Runtime::yield and spelled out only here.
#pragma once

#include <string_view>

namespace cutover::flow::sync {

// The full copy, for each chunk. Rows and receipt are one destination transaction, so durable and
// checkpointed are one edge here.
inline constexpr std::string_view kChunkRead = "chunk.read";  ///< a batch has been read
inline constexpr std::string_view kChunkWritten =
    "chunk.written";  ///< all rows sent, not committed
inline constexpr std::string_view kChunkCommitted =
    "chunk.committed";  ///< rows and receipt are durable

// The incremental phase, for each batch of whole source transactions.
inline constexpr std::string_view kBatchStaged = "batch.staged";    ///< sent, nothing changed yet
inline constexpr std::string_view kBatchApplied = "batch.applied";  ///< rows and marker written
inline constexpr std::string_view kBatchCommitted =
    "batch.committed";  ///< durable and checkpointed
inline constexpr std::string_view kAcknowledged = "batch.acknowledged";  ///< the source may forget

// The task.
inline constexpr std::string_view kCaptureCreated =
    "task.capture_created";  ///< before it is recorded
inline constexpr std::string_view kSchemaStep = "schema.step";
inline constexpr std::string_view kFullDone = "task.full_done";

// Following a change of the source's schema.
inline constexpr std::string_view kEvolutionBegun = "schema.begun";  ///< recorded, nothing done
inline constexpr std::string_view kCaptureExtended = "schema.capture_extended";
inline constexpr std::string_view kEvolutionAdopted = "schema.adopted";

// The cutover.
inline constexpr std::string_view kSourceFence =
    "finish.source_fence";  ///< when it is recorded but not set, and again when it is set
inline constexpr std::string_view kSequencesSet = "finish.sequences_set";
inline constexpr std::string_view kFenced = "finish.fenced";

inline constexpr std::string_view kAll[] = {
    kChunkRead,        kChunkWritten,   kChunkCommitted, kBatchStaged,
    kBatchApplied,     kBatchCommitted, kAcknowledged,   kCaptureCreated,
    kSchemaStep,       kFullDone,       kEvolutionBegun, kCaptureExtended,
    kEvolutionAdopted, kSourceFence,    kSequencesSet,   kFenced};

}  // namespace cutover::flow::sync
