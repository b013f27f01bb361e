// "Elementwise" with TensorFlow.js, written by lfc.
//
// `tf` is the module @tensorflow/tfjs-core with a backend set, `weights` its tensors by path. `run` takes and gives
// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.
//
// input  "x": f32[33, 20]
// input  "y": f32[33, 20]
// output "smooth": f32[33, 20]
// output "gates": f32[33, 20]
// output "waves": f32[33, 20]
export function model(tf, weights) {
  const run = (inputs) =>
    tf.tidy(() => {
      const in_x = inputs.x;
      const in_y = inputs.y;
      // elementwise.lf:10
      const v_smooth = tf.sub(tf.add(tf.mul(tf.mul(in_x, 0.5), tf.add(tf.erf(tf.mul(in_x, Math.SQRT1_2)), 1)), tf.mul(tf.mul(tf.mul(in_y, 0.5), tf.add(tf.tanh(tf.mul(tf.add(in_y, tf.mul(tf.mul(tf.square(in_y), in_y), 0.044715)), 0.7978845608028654)), 1)), tf.mul(in_x, tf.sigmoid(in_x)))), tf.relu(in_y));
      // elementwise.lf:11
      const v_gates = tf.add(tf.mul(tf.sigmoid(in_x), tf.tanh(in_y)), tf.div(tf.erf(in_x), tf.add(1, tf.exp(tf.neg(tf.abs(in_y))))));
      // elementwise.lf:13
      const v_waves = tf.add(tf.add(tf.mul(tf.sin(in_x), tf.cos(in_y)), tf.mul(tf.sqrt(tf.add(1, tf.mul(in_x, in_x))), tf.rsqrt(tf.add(2, tf.mul(in_y, in_y))))), tf.log(tf.add(3, tf.maximum(in_x, tf.minimum(in_y, 1)))));
      return { smooth: v_smooth, gates: v_gates, waves: v_waves };
    });
  const dispose = () => {};
  return { run, dispose };
}
