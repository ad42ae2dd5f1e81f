// The Boost.Asio types that the server uses: sockets of any address family, all
// run by a single thread.

#ifndef WEIR_HTTP_ASIO_H_
#define WEIR_HTTP_ASIO_H_

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

namespace weir {

namespace asio = boost::asio;

using ErrorCode = boost::system::error_code;
using StreamProtocol = asio::generic::stream_protocol;
// Uses the concrete executor type: asio's default, any_io_executor, calls
// through pointers.
using Socket =
    asio::basic_stream_socket<StreamProtocol, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<StreamProtocol,
                                             asio::io_context::executor_type>;

}  // namespace weir

#endif  // WEIR_HTTP_ASIO_H_
