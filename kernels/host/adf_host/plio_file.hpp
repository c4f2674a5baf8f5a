// The ends of connections that are files or host memory.
#pragma once

#include <sys/stat.h>

#include "format.hpp"
#include "transfer.hpp"

namespace adf::host {

/// An input PLIO: its file, whole, from the first byte to the last.
class FileSource : public Source {
public:
    FileSource(std::string name, std::string path, FileData data) : name_(std::move(name)), path_(std::move(path)), data_(std::move(data)) {}
    std::span<const std::byte> peek() override {
        const std::size_t end = packet_ < data_.lasts.size() ? data_.lasts[packet_] : data_.bytes.size();
        return std::span(data_.bytes).subspan(at_, end - at_);
    }
    bool take(std::size_t bytes) override {
        at_ += bytes;
        if (packet_ >= data_.lasts.size() || data_.lasts[packet_] != at_)
            return false;
        ++packet_;
        return true;
    }
    void set_task(Task *) override {}
    std::string state() const override {
        return "input PLIO " + name_ + (at_ == data_.bytes.size() ? ", whose file " + path_ + " has ended after " + std::to_string(at_) + " bytes" : "");
    }

private:
    std::string name_, path_;
    FileData data_;
    std::size_t at_ = 0, packet_ = 0;
};

/// An output PLIO: keeps everything, and writes the file when asked.
class FileSink : public Sink {
public:
    FileSink(std::string path, const ElementFormat &format, unsigned width) : path_(std::move(path)), format_(format), width_(width), room_(4096) {}
    std::span<std::byte> space() override { return room_; }
    void commit(std::size_t bytes, bool last) override {
        bytes_.insert(bytes_.end(), room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(bytes));
        if (last && marks_last)
            lasts_.push_back(bytes_.size());
    }
    void set_task(Task *) override {}
    std::string state() const override { return "output PLIO to " + path_; }

    void write() const {
        for (std::size_t slash = path_.find('/', 1); slash != std::string::npos; slash = path_.find('/', slash + 1))
            mkdir(path_.substr(0, slash).c_str(), 0777);
        std::ofstream file(path_);
        if (!file)
            stop("cannot write " + path_);
        const std::size_t number = format_.bytes / format_.numbers;
        const std::size_t line = std::max<std::size_t>(width_ / 8, format_.bytes);
        std::string text;
        std::size_t mark = 0;
        for (std::size_t at = 0; at < bytes_.size(); at += line) {
            const std::size_t end = std::min(at + line, bytes_.size());
            if (mark < lasts_.size() && lasts_[mark] <= end) {
                text += "TLAST\n";
                ++mark;
            }
            for (std::size_t i = at; i + number <= end; i += number) {
                if (i != at)
                    text += ' ';
                format_.print(text, bytes_.data() + i);
            }
            text += '\n';
        }
        file << text;
    }

    /// Write TLAST lines: for packet streams; data of buffers would mark every block.
    bool marks_last = false;

private:
    std::string path_;
    const ElementFormat &format_;
    unsigned width_;
    std::vector<std::byte> room_, bytes_;
    std::vector<std::size_t> lasts_;
};

/// Host memory that a GMIO moves: transfers wait in a queue.
struct GmioQueue {
    struct Piece {
        std::byte *data;
        std::size_t bytes, done = 0;
    };
    std::deque<Piece> pieces;
    Task *task = nullptr;
    std::string name;

    void add(void *data, std::size_t bytes) {
        pieces.push_back({static_cast<std::byte *>(data), bytes});
        scheduler.wake(task);
    }
    std::span<std::byte> open() {
        if (pieces.empty())
            return {};
        return {pieces.front().data + pieces.front().done, pieces.front().bytes - pieces.front().done};
    }
    bool advance(std::size_t bytes) {
        pieces.front().done += bytes;
        if (pieces.front().done < pieces.front().bytes)
            return false;
        pieces.pop_front();
        return true;
    }
};

class GmioSource : public Source {
public:
    explicit GmioSource(GmioQueue &queue) : queue_(queue) {}
    std::span<const std::byte> peek() override { return queue_.open(); }
    bool take(std::size_t bytes) override { return queue_.advance(bytes); }
    void set_task(Task *task) override { queue_.task = task; }
    std::string state() const override { return "GMIO " + queue_.name; }

private:
    GmioQueue &queue_;
};

class GmioSink : public Sink {
public:
    explicit GmioSink(GmioQueue &queue) : queue_(queue) {}
    std::span<std::byte> space() override { return queue_.open(); }
    void commit(std::size_t bytes, bool) override { queue_.advance(bytes); }
    void set_task(Task *task) override { queue_.task = task; }
    std::string state() const override { return "GMIO " + queue_.name + " (no transfer queued)"; }

private:
    GmioQueue &queue_;
};

} // namespace adf::host
