// Inputs for a target, made from its seeds: input N of a seed number is always the same.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace cutover::fuzz {

/// One thread.
class Mutation {
public:
    explicit Mutation(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

    std::string input(std::uint64_t seed, std::uint64_t number);

private:
    using Random = std::mt19937_64;

    void mutate(std::string& text, Random& random) const;
    std::size_t place(const std::string& text, Random& random) const;

    std::vector<std::string> seeds_;
};

}  // namespace cutover::fuzz
