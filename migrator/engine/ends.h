// The seam seen from above: a source and a sink whose errors say which end they came from. The
// registry puts them around an engine's sources and sinks (an inspector asked for by itself belongs
// to no end), so that no engine has to think of it and whoever takes an error along (a retry, an
// event, a report) finds it there. Whatever else leaves an engine as an exception becomes one.
#pragma once

#include <exception>
#include <memory>
#include <new>

#include "migrator/engine/sink.h"
#include "migrator/engine/source.h"
#include "migrator/model/nonsense.h"

namespace cutover::engine {

/// `source`, and everything that it opens; errors leave it as at(Side::source).
std::unique_ptr<Source> as_source_end(std::unique_ptr<Source> source);
/// `sink`, and everything that it opens; errors leave it as at(Side::destination).
std::unique_ptr<Sink> as_destination_end(std::unique_ptr<Sink> sink);
/// `inspector`, asked for by itself: of no end, but its errors are errors.
std::unique_ptr<Inspector> as_inspector(std::unique_ptr<Inspector> inspector);

/// Runs `work`; an error of it came from `end`, unless it says otherwise itself. Engines take apart
/// what a server says: where that is nonsense, it is an error of the server and no defect of ours.
template <typename Work>
decltype(auto) at_side(model::Side end, Work&& work) {
    try {
        return work();
    } catch (model::Error& error) {
        error.at(end);
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        throw model::nonsense(error).at(end);
    }
}

}  // namespace cutover::engine
