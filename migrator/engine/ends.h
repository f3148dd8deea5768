// The seam seen from above: a source and a sink whose errors say which end they came from. The
// registry puts them around an engine's sources and sinks (an inspector asked for by itself belongs
// to no end), so that no engine has to think of it and
// whoever takes an error along (a retry, an event, a report) finds it there. Changes nothing else.
#pragma once

#include <memory>

#include "migrator/engine/sink.h"
#include "migrator/engine/source.h"
#include "migrator/model/error.h"

namespace cutover::engine {

/// `source`, and everything that it opens; errors leave it as at(End::source).
std::unique_ptr<Source> as_source_end(std::unique_ptr<Source> source);
/// `sink`, and everything that it opens; errors leave it as at(End::destination).
std::unique_ptr<Sink> as_destination_end(std::unique_ptr<Sink> sink);

/// Runs `work`; an error of it came from `end`, unless it says otherwise itself.
template <typename Work>
decltype(auto) at_end(model::End end, Work&& work) {
    try {
        return work();
    } catch (model::Error& error) {
        error.at(end);
        throw;
    }
}

}  // namespace cutover::engine
