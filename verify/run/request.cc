#include "verify/run/request.h"

namespace cutover::verify {

Request request_from(const plan::TaskSpec& spec) {
    Request request;
    request.source = spec.source;
    request.destination = spec.destination;
    request.objects = spec.objects;
    request.mapping = spec.mapping;
    request.filters = spec.filters;
    return request;
}

}  // namespace cutover::verify
